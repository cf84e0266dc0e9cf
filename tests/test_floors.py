"""The house's floors: imports go down only, and what is heavy is loaded only where it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import kaggle_digits

PACKAGE = Path(kaggle_digits.__file__).parent

# From the ground up; rooms of one floor know nothing of each other.
FLOORS = [
    {"errors", "machine"},
    {"extras", "files"},
    {"backend"},
    {"digits", "photos", "recipes"},
    {"page", "runs", "sources"},
    {"classifiers", "competition"},
    {"evaluation"},
    {"predictor"},
    {"doctor", "export", "serving", "training"},
    {"cli"},
    {"__main__"},
]
HEAVY = {"numpy", "pandas", "sklearn", "scipy", "matplotlib", "PIL", "keras", "tensorflow", "kaggle"}


def room(module):
    """The floor plan's name for a module such as `kaggle_digits.sources.bundled`."""
    return module.split(".")[1] if "." in module else ""


def modules():
    return [(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path) for path in sorted(PACKAGE.rglob("*.py"))]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "kaggle_digits":
            yield from (f"kaggle_digits.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_every_module_has_a_floor():
    assert {name for name, _ in modules()} - {"__init__"} == set().union(*FLOORS)


def test_imports_go_down_only():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    upward = [
        f"{path.relative_to(PACKAGE)} imports {target}"
        for name, path in modules()
        for target in imported(path)
        if target.startswith("kaggle_digits.") and not target.endswith("__version__")
        if room(target) != name and floor[room(target)] >= floor[name]
    ]
    assert upward == []


def doors():
    """What each room offers: the `__all__` of its `__init__`."""
    offered = {}
    for path in PACKAGE.glob("*/__init__.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == ["__all__"]:
                offered[path.parent.name] = set(ast.literal_eval(node.value))
    return offered


def test_a_room_is_entered_by_its_door_only():
    offered = doors()
    by_another_way = [
        f"{path.relative_to(PACKAGE)} takes {name} from {node.module}"
        for own, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kaggle_digits.")
        if room(node.module) in offered and room(node.module) != own
        for name in (alias.name for alias in node.names)
        if node.module.count(".") > 1 or name not in offered[room(node.module)]
    ]
    assert by_another_way == []


def test_keras_is_imported_in_few_places_only():
    users = {name for name, path in modules() if {"keras", "tensorflow"} & set(imported(path))}
    assert users == {"backend", "classifiers", "export", "recipes"}


def test_the_kaggle_client_is_imported_by_the_competition_alone():
    users = {name for name, path in modules() if any(t.split(".")[0] == "kaggle" for t in imported(path))}
    assert users == {"competition"}


def loaded_by(*arguments, cwd):
    """The heavy modules that a command line loads."""
    code = (
        "import sys\nfrom kaggle_digits.cli import main\n"
        f"sys.argv = {['kaggle-digits', *arguments]!r}\n"
        f"try:\n    main()\nexcept SystemExit:\n    pass\nprint(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=True)
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_help_loads_nothing_heavy(tmp_path):
    for arguments in (["--help"], ["fetch", "--help"], ["train", "--help"], ["submit", "--help"], ["train", "--no"]):
        assert loaded_by(*arguments, cwd=tmp_path) == []


def test_reading_a_picture_loads_little(tmp_path):
    from PIL import Image

    Image.new("L", (300, 200), 255).save(tmp_path / "blank.jpg")
    assert loaded_by("predict", "blank.jpg", cwd=tmp_path) == ["PIL", "numpy"]


def test_checking_a_submission_loads_nothing_heavy(tmp_path):
    labels = "".join(f"{number},{number % 10}\n" for number in range(1, 28_001))
    (tmp_path / "s.csv").write_text("ImageId,Label\n" + labels)
    assert loaded_by("submit", "s.csv", "--dry-run", cwd=tmp_path) == []
