"""Recipes found: the built-in ones by name, a user's own by its file, one that a run remembers by its record."""

import ast
import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from kaggle_digits.backend import load_keras
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes.blaming import RecipeFile, blaming
from kaggle_digits.recipes.fit import Fit
from kaggle_digits.recipes.recipe import Recipe, RecipeRecord, Value, arguments_of

_BUILT_IN = Path(__file__).parent / "builtin"
_MOST_BYTES = 1 << 20
_LARGEST = 10_000  # units, filters, neighbours: what an argument out of a file from elsewhere may ask for


@dataclass(frozen=True)
class Outline:
    """What a recipe file says of itself, read without running it.

    Attributes:
        summary: the first line of its docstring.
        names: what it defines or imports by name: `build`, `fit`, `members` ...
        imports: the packages that it imports.
    """

    summary: str
    names: frozenset[str]
    imports: frozenset[str]


def names() -> list[str]:
    """The names of the built-in recipes, in the order of the alphabet."""
    return sorted(path.stem.replace("_", "-") for path in _BUILT_IN.glob("[a-z]*.py"))


def is_file(recipe: str) -> bool:
    """Whether a recipe is named by its file, `own.py`, and not by its name."""
    return recipe.endswith(".py")


def source(name: str) -> str:
    """The text of a built-in recipe's file, to begin one's own with; a `DigitsError` where there is none."""
    return _path(name).read_text(encoding="utf-8")


def outline(recipe: str) -> Outline:
    """What a built-in recipe, or a recipe file, says of itself; nothing of it is run: it takes a millisecond.

    Raises:
        DigitsError: there is no such recipe, or the file is no Python.
    """
    return _outline(_read(Path(recipe)) if is_file(recipe) else RecipeFile(str(_path(recipe)), source(recipe)))


def load(recipe: str) -> Recipe:
    """A recipe by the name of a built-in one, or by the path of a file, which is run.

    Raises:
        DigitsError: there is no such recipe, or the file is wrong; the sentence says where.
    """
    return run(_read(Path(recipe))) if is_file(recipe) else load_built_in(recipe)


def load_built_in(name: str) -> Recipe:
    """A built-in recipe by its name: what a run folder may ask for.

    Raises:
        DigitsError: there is no such recipe.
    """
    path = _path(name)
    _prepare(outline(name), whole=False)
    module = importlib.import_module(f"kaggle_digits.recipes.builtin.{path.stem}")
    return _from_module(name, module, None)


def run(file: RecipeFile) -> Recipe:
    """The recipe of a user's own file, whose text is run.

    Raises:
        DigitsError: the file is wrong; the sentence says where.
    """
    _prepare(_outline(file), whole=True)
    module = ModuleType(f"recipe_{file.sha256[:12]}")
    module.__file__ = file.path
    sys.modules[module.__name__] = module  # Keras and dataclasses look classes up by their module
    with blaming(file):
        exec(compile(file.text, file.path, "exec"), module.__dict__)
    return _from_module(_name(Path(file.path)), module, file)


def from_function(build: Callable[..., Any], *, fit: Fit | None = None, name: str = "own", summary: str = "") -> Recipe:
    """A recipe without a file, for a notebook: it can do all that a file's can but train in other processes.

    Args:
        build: makes a `keras.Model` or a scikit-learn estimator from an image shape and a number of classes.
        fit: how a network is fitted; None is a sensible way.
        name: of the recipe, by which its runs are called.
        summary: what it is, in one line.
    """
    return Recipe(_name(Path(name)), summary, build, arguments_of(build, name), fit)


def restore(record: RecipeRecord, own: Recipe | None = None) -> Recipe:
    """The recipe that a run began with, every value as it was.

    Args:
        record: from run.json.
        own: the user's own recipe, where the run began with one: its file is only ever run because they named it.

    Raises:
        RunError: this release has no such recipe, the file is another one, or the user did not name it.
    """
    if record.members:
        of_name = {one.name: one for one in (own.kinds if own else ())}
        members = tuple(restore(one, of_name.get(one.name, own)) for one in record.members)
        recipe = _of_this_release(record) if record.built_in else (own or Recipe(record.name))
        recipe = replace(recipe, members=members, build=None, arguments={})
    else:
        recipe = _of_this_release(record) if record.built_in else _named_again(record, own)
    fit = record.fit and msgspec.structs.replace(record.fit, callbacks=recipe.fit.callbacks if recipe.fit else ())
    arguments = {name: _checked(name, value, recipe) for name, value in record.arguments.items()}
    known = {name: getattr(record, name) for name in ("labels", "folds", "refit", "tta")}
    return replace(recipe, arguments={**recipe.arguments, **arguments}, fit=fit, **known)


def _of_this_release(record: RecipeRecord) -> Recipe:
    if record.name not in names():
        raise RunError(f"this release has no recipe {record.name!r}. Train again: kaggle-digits train.")
    return load_built_in(record.name)


def _named_again(record: RecipeRecord, own: Recipe | None) -> Recipe:
    """The user's own recipe, if it is the one that the run began with."""
    if record.file is not None and (own is None or own.file is None or own.file.sha256 != record.sha256):
        name = Path(record.file).name
        raise RunError(
            f"this run began with {name}, sha256 {str(record.sha256)[:12]}. Name the same file again: "
            f"kaggle-digits train {name} --resume ..."
        )
    if own is None:
        raise RunError("this run began with a function. Continue it in Python: training.resume(run, recipe=recipe).")
    return own


def _checked(name: str, value: Value, recipe: Recipe) -> Value:
    """An argument as a run remembers it, which may have been edited: of the default's kind, and no monster."""
    default = recipe.arguments.get(name)
    sizes = value if isinstance(value, tuple) else (value,)
    sound = name in recipe.arguments and (default is None or type(value) is type(default))
    # What an argument of the user's own means, -1 or a million, only they know.
    if sound and recipe.built_in:
        sound = all(0 <= size <= _LARGEST for size in sizes if isinstance(size, int))
    if not sound:
        raise RunError(f"{recipe.name} cannot be built with {name} = {value!r}. Train again: kaggle-digits train.")
    return value


def _from_module(name: str, module: ModuleType, file: RecipeFile | None) -> Recipe:
    called, known = file.path if file else name, vars(module)
    summary = (module.__doc__ or "").strip().splitlines()[:1]
    recipe = Recipe(
        name=name,
        summary=summary[0].rstrip(".") if summary else "",
        fit=known.get("fit"),
        labels=known.get("labels"),
        search=known.get("search", {}),
        file=file,
        built_in=file is None,
    )
    if not isinstance(recipe.fit, Fit | None):
        raise DigitsError(f"{called}: fit must be a Fit(...). Received: {recipe.fit!r}.")
    if "members" in known:
        members = tuple(_member(str(one), file) for one in known["members"])
        return replace(recipe, members=members, folds=int(known.get("folds", 5)), refit=int(known.get("refit", 0)))
    if not callable(known.get("build")):
        raise DigitsError(f"{called} has no function build. Write: def build(image_shape, classes): ...")
    return replace(recipe, build=known["build"], arguments=arguments_of(known["build"], called))


def _member(name: str, file: RecipeFile | None) -> Recipe:
    """A member of a committee, whose file, if it comes from one, may name others beside it."""
    if file is None or not is_file(name):
        return load_built_in(name)
    path = str(Path(file.path).parent / name)
    if "members" in outline(path).names:
        raise DigitsError(f"{file.path}: {name} has members itself. Name recipes that build a model.")
    return load(path)


def _prepare(outline: Outline, whole: bool) -> None:
    """Brings Keras up before a file that imports it, perhaps through another recipe, does so with all its noise."""
    if "keras" in outline.imports or ("build" in outline.names and "sklearn" not in outline.imports):
        load_keras(whole)


def _path(name: str) -> Path:
    """Of a built-in recipe's file."""
    if name not in names():
        close = [f"{name}.py"] if Path(f"{name}.py").is_file() else get_close_matches(name, names())
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Choose one of: {', '.join(names())}."
        raise DigitsError(f"there is no recipe {name!r}. {hint} A recipe file of your own is named with its .py.")
    return _BUILT_IN / f"{name.replace('-', '_')}.py"


def _read(path: Path) -> RecipeFile:
    try:
        text = storage.read_text(path, _MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DigitsError(
            f"{path} cannot be read: {reason}. Name a recipe file, or begin with a copy of one: "
            "kaggle-digits recipes --copy mlp > own.py."
        ) from None
    return RecipeFile(str(path), text)


def _name(path: Path) -> str:
    """What the runs of a user's own file are called: its name, in letters that are right in every folder."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40] or "own"


def _outline(file: RecipeFile) -> Outline:
    with blaming(file):
        tree = ast.parse(file.text, file.path)
    defined: set[str] = set()
    imported: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined.update(one.id for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            defined.add(node.target.id)
        elif isinstance(node, ast.Import):
            imported.update(one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
            defined.update(one.asname or one.name for one in node.names)
    summary = (ast.get_docstring(tree) or "").splitlines()[:1]
    return Outline(summary[0].rstrip(".") if summary else "", frozenset(defined), frozenset(imported))
