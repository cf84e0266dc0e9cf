"""The package in numbers: rooms, arrows, lengths; of this checkout, and of another one beside it.

    python benchmarks/structure.py [OTHER]

A room is what lies directly in kaggle_digits/, a folder or a file; an arrow leads from a room to one that it imports,
and up if tests/test_floors.py of the same checkout says so. Nothing is imported or run.
"""

import argparse
import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "kaggle_digits"
HERE = Path(__file__).parents[1]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file of the package.

    Attributes:
        name: its path in the package, `runs/plan.py`.
        text: what it says.
        tree: the same, parsed.
    """

    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """What it belongs to."""
        return self.name.split("/")[0].removesuffix(".py")

    @property
    def functions(self) -> list[Function]:
        """Every function and method."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


def modules(checkout: Path) -> list[Module]:
    """All modules of a checkout's package, in the order of their names."""
    folder = checkout / PACKAGE
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    return [Module(name, text, ast.parse(text)) for name, text in sorted(texts.items())]


def floors(checkout: Path) -> dict[str, int] | None:
    """The floor of every room, from the ground up; None where the checkout's tests do not say."""
    path = checkout / "tests" / "test_floors.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOORS":
            return {room: floor for floor, rooms in enumerate(ast.literal_eval(node.value)) for room in rooms}
    return None


def arrows(module: Module) -> Iterator[str]:
    """The other rooms that a module imports."""
    for node in ast.walk(module.tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names = [f"{PACKAGE}.{alias.name}" for alias in node.names if not alias.name.startswith("__")]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.startswith(f"{PACKAGE}.") and (room := name.split(".")[1]) != module.room:
                yield room


def docstring(node: ast.AST) -> ast.stmt | None:
    """The statement that documents a module, class or function."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return first if is_text else None


def body_lines(function: Function) -> int:
    """How long a function is, from the first line after its docstring to its last."""
    body = function.body[1:] if docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def code_lines(module: Module) -> int:
    """Lines with code; not those of texts that stand alone, comments, or nothing."""
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def imports_numpy(node: ast.AST) -> bool:
    """Whether a statement imports NumPy or a part of it."""
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "numpy" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numpy"


def parameters(function: Function) -> int:
    """How many parameters a function has, `self` among them."""
    of = function.args
    return len([*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg))])


def longest(found: Iterator[tuple[int, str]]) -> str:
    """The largest number, and what has it."""
    number, name = max(found)
    return f"{number} (`{name}`)"


def picture(checkout: Path) -> dict[str, str]:
    """The numbers of a checkout, by what they are."""
    every = modules(checkout)
    pairs = {(module.room, room) for module in every for room in arrows(module)}
    floor = floors(checkout)
    up = [pair for pair in pairs if floor and floor.get(pair[1], 0) >= floor.get(pair[0], 0)]
    functions = [(module, function) for module in every for function in module.functions]
    local = {node for _, function in functions for node in ast.walk(function) if imports_numpy(node)}
    checking = re.compile(r"^ *if (?:typing[.])?TYPE_CHECKING:", re.MULTILINE)
    look_up = re.compile(r"record\[[\"']")
    return {
        "rooms": f"{len({module.room for module in every} - {'__init__'})}",
        "arrows between rooms": f"{len(pairs)}",
        "arrows that run up": "" if floor is None else f"{len(up)}",
        "modules": f"{len(every)}",
        "lines": f"{sum(len(module.text.splitlines()) for module in every):,}",
        "code lines": f"{sum(map(code_lines, every)):,}",
        "longest module": longest((len(module.text.splitlines()), module.name) for module in every),
        "longest function body": longest((body_lines(one), f"{module.name}: {one.name}") for module, one in functions),
        "most parameters outside cli/": longest(
            (parameters(one), f"{module.name}: {one.name}") for module, one in functions if module.room != "cli"
        ),
        "local imports of numpy": f"{len(local)}",
        "`TYPE_CHECKING` blocks": f"{sum(len(checking.findall(module.text)) for module in every)}",
        '`record["` look-ups': f"{sum(len(look_up.findall(module.text)) for module in every)}",
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", nargs="?", type=Path, help="the root of another checkout")
    options = parser.parse_args()
    pictures = {"this": picture(HERE)}
    if options.other is not None:
        pictures = {"other": picture(options.other), **pictures}
    lines = [f"| | {' | '.join(pictures)} |", f"|---|{'---:|' * len(pictures)}"]
    lines += [f"| {name} | {' | '.join(one[name] for one in pictures.values())} |" for name in pictures["this"]]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
