"""Whether what came out of a JSON file has the types that a dataclass or a `TypedDict` promises."""

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict


def conforms(value: object, hint: Any) -> bool:
    """Whether a value is of a type.

    JSON knows no tuples, so a list stands for one; an integer will do for a float, but True for neither; a float must
    be finite. Of a `TypedDict`, keys may be missing unless it requires them, and there may be others.

    Args:
        value: from `json.loads`, or a dataclass made of such.
        hint: `str`, `int`, `float`, `bool`, `None`, `Any`, a `TypedDict`, or `list`, `tuple`, `dict`, `Literal` and
            unions of these; or a dataclass, whose instances' fields are looked at.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if hint is None or hint is types.NoneType:
        return value is None
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in arguments)
    if origin in (Union, types.UnionType):
        return any(conforms(value, one) for one in arguments)
    if is_typeddict(hint):
        return _has_keys(value, hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return isinstance(value, hint) and _has_fields(value, hint)
    if origin in (list, tuple):
        return isinstance(value, list | tuple) and _are(value, origin, arguments)
    if origin is dict:
        return isinstance(value, Mapping) and all(
            conforms(one, kind) for pair in value.items() for one, kind in zip(pair, arguments, strict=True)
        )
    return _is_plain(value, hint)


def _is_plain(value: object, kind: type) -> bool:
    if isinstance(value, bool) or kind is bool:
        return kind is bool and isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float) and abs(value) <= _LARGEST and math.isfinite(value)
    return isinstance(value, kind)


def _are(values: "list[Any] | tuple[Any, ...]", origin: type, kinds: tuple[Any, ...]) -> bool:
    if origin is list or kinds[1:] == (...,):
        return all(conforms(one, kinds[0]) for one in values)
    return len(values) == len(kinds) and all(map(conforms, values, kinds))


def _has_keys(value: object, hint: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and hint.__required_keys__ <= set(value)
        and all(conforms(value[name], kind) for name, kind in get_type_hints(hint).items() if name in value)
    )


def _has_fields(value: Any, hint: Any) -> bool:
    return all(conforms(getattr(value, name), kind) for name, kind in get_type_hints(hint).items())


_LARGEST = 1e308  # JSON's integers have no end, and a float does
