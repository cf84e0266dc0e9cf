"""What a recipe is: a function that builds a model, and how to fit it."""

import contextlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits.errors import DigitsError, first_line
from kaggle_digits.recipes.blaming import RecipeFile, blaming
from kaggle_digits.recipes.fit import NAMES, Fit

Value = None | bool | int | float | str | tuple[int | float | str, ...]
"""What can be set by name: `--set width=64`."""

_JSON = {"True": "true", "False": "false", "None": "null"}
_GIVEN = 2  # image_shape and classes, the first two arguments of every `build`


class RecipeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recipe with every value, as run.json keeps it.

    Attributes:
        file: the path of a recipe file of the user's own, which is never run because a run names it.
        sha256: of that file's text.
        ...: the others are those of `Recipe`.
    """

    name: str
    built_in: bool = False
    file: str | None = None
    sha256: str | None = None
    arguments: dict[str, Value] = {}
    fit: Fit | None = None
    labels: int | None = None
    members: tuple["RecipeRecord", ...] = ()
    folds: int | None = None
    refit: int = 0
    tta: bool = True


@dataclass(frozen=True)
class Recipe:
    """A model and how to fit it.

    Attributes:
        name: what one types after `kaggle-digits train`.
        summary: what it is, in one line.
        build: makes the model, for an image shape and a number of classes; None for a committee.
        arguments: further arguments of `build`, every one with its value.
        fit: how a network is fitted; None for scikit-learn's models, for a committee, and until a network of the
            user's own that does not say was built for the first time.
        labels: how many labels it learns, from 0 up; None is all that the data has.
        members: the recipes of a committee, none of them a committee.
        folds: how many parts the rows are dealt into, for a committee; each member learns all but one. 1 stands for
            one member, which learns all but the validation rows.
        refit: how many more models of each kind learn (almost) all rows, and answer new images: beside those of folds,
            or, if they are enough, in their place.
        tta: whether members may use test-time augmentation, which takes as long as about two epochs; out-of-fold rows
            say whether it helps.
        search: what `tune` may turn, and between what.
        file: the user's own, if it comes from one.
        built_in: whether it comes with the package.
    """

    name: str
    summary: str = ""
    build: Callable[..., Any] | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    fit: Fit | None = None
    labels: int | None = None
    members: tuple["Recipe", ...] = ()
    folds: int | None = None
    refit: int = 0
    tta: bool = True
    search: Mapping[str, Any] = field(default_factory=dict)
    file: RecipeFile | None = field(default=None, repr=False)
    built_in: bool = False

    @property
    def where(self) -> str:
        """What to call it in an error: its file, if it comes from one."""
        return self.file.path if self.file else self.name

    @property
    def is_committee(self) -> bool:
        """Whether it stands for several models."""
        return bool(self.members)

    @property
    def kinds(self) -> tuple["Recipe", ...]:
        """The recipes of the models that are trained: its members, or itself."""
        return self.members or (self,)

    @property
    def models(self) -> int:
        """How many models are trained in all."""
        return len(self.kinds) * ((self.folds or 1) + self.refit)

    def model(self, image_shape: tuple[int, int], classes: int) -> Any:
        """What `build` makes for images of that height and width: a `keras.Model` or a scikit-learn estimator.

        Raises:
            DigitsError: the user's own `build` failed, and the sentence names their file and line; or an argument of a
                built-in one makes no sense.
        """
        if self.build is None:
            raise DigitsError(f"{self.name} is a committee: its members build models.")
        with blaming(self.file), self.refusing_arguments():
            return self.build(image_shape, classes, **self.arguments)

    @contextlib.contextmanager
    def refusing_arguments(self) -> Iterator[None]:
        """Turns what a library says of a built-in recipe's argument that makes no sense into a sentence."""
        try:
            yield
        except (ValueError, TypeError) as error:
            if not self.built_in:
                raise
            values = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
            raise DigitsError(f"{self.name} cannot be built with {values}: {first_line(error)}.") from error

    def with_values(self, values: Mapping[str, Any]) -> "Recipe":
        """The same recipe with other values of `fit` or arguments of `build`; of a committee, of all its members.

        Args:
            values: by name, as text or not: `{"epochs": 3, "width": "64"}`.

        Raises:
            DigitsError: nothing has that name, or the value makes no sense.
        """
        for name in values:
            self._check_name(name)
        return self.each(lambda recipe: recipe._changed(values)) if values else self

    def _changed(self, values: Mapping[str, Any]) -> "Recipe":
        """Itself with those of the values that it has."""
        own = {name: _as_before(name, values[name], old) for name, old in self.arguments.items() if name in values}
        of_fit = {name: value for name, value in values.items() if name in NAMES and name not in own}
        fit = (self.fit or Fit()).changed(of_fit) if of_fit and self._has_fit else self.fit
        return replace(self, arguments={**self.arguments, **own}, fit=fit)

    @property
    def _has_fit(self) -> bool:
        """Whether it is fitted in epochs, as far as is known before anything is built."""
        return self.fit is not None or not self.built_in

    def _check_name(self, name: str) -> None:
        known = [one for kind in self.kinds for one in (*kind.arguments, *(NAMES if kind._has_fit else ()))]
        if name in known:
            return
        if name in NAMES:
            raise DigitsError(f"{self.name} is not trained in epochs: {name} cannot be set. Leave it out.")
        close, choices = get_close_matches(name, known, 1), ", ".join(dict.fromkeys(known)) or "nothing"
        hint = f"Did you mean {close[0]}?" if close else f"Choose among: {choices}."
        raise DigitsError(f"{self.name} has no value called {name!r}. {hint}")

    def in_folds(self, count: int | None, refit: int | None = None) -> "Recipe":
        """The same recipe, trained once for every fold, and so many times on all rows: its models then answer together.

        None stands for what the recipe says itself. One that is no committee, and is not refit, stays as it is without
        a count; with `refit` alone, it is trained once without the validation rows.
        """
        if count is None and (refit is None or not (self.members or refit)):
            return self
        members, folds, refit = self.kinds, count or self.folds or 1, self.refit if refit is None else refit
        return replace(
            self, members=members, folds=folds, refit=refit, build=None, fit=None, arguments={}, built_in=False
        )

    def with_callbacks(self, *callbacks: Any) -> "Recipe":
        """The same recipe, whose training tells these Keras callbacks, too."""
        fit = self.fit or Fit()
        return replace(self, fit=msgspec.structs.replace(fit, callbacks=(*fit.callbacks, *callbacks)))

    def each(self, change: Callable[["Recipe"], "Recipe"]) -> "Recipe":
        """The same recipe, itself or each of its members changed by a function."""
        return replace(self, members=tuple(map(change, self.members))) if self.members else change(self)

    def record(self) -> RecipeRecord:
        """All that run.json remembers of it."""
        fit = self.fit and msgspec.structs.replace(self.fit, callbacks=())
        return RecipeRecord(
            name=self.name,
            built_in=self.built_in,
            file=str(Path(self.file.path).resolve()) if self.file else None,
            sha256=self.file.sha256 if self.file else None,
            arguments=dict(self.arguments),
            fit=fit,
            labels=self.labels,
            members=tuple(member.record() for member in self.members),
            folds=self.folds,
            refit=self.refit,
            tta=self.tta,
        )


def arguments_of(build: Callable[..., Any], name: str) -> dict[str, Value]:
    """The further arguments of a `build`, with their defaults; an error calls it by that name, its file's.

    Raises:
        DigitsError: it takes fewer, or one has the name of a value of `fit`, no default, or one that run.json could not
            remember.
    """
    parameters = list(inspect.signature(build).parameters.values())
    given, further = parameters[:_GIVEN], parameters[_GIVEN:]
    if len(given) < _GIVEN:
        raise DigitsError(f"{name}: build must take image_shape and classes. Write: def build(image_shape, classes):")
    for one in further:
        if one.default is one.empty or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            raise DigitsError(f"{name}: the argument {one.name} of build must have a default, such as {one.name}=32.")
        if one.name in NAMES:
            raise DigitsError(f"{name}: build has an argument {one.name}, and so has Fit. Give it another name.")
    try:
        return msgspec.convert({one.name: one.default for one in further}, dict[str, Value])
    except msgspec.ValidationError as error:
        raise DigitsError(
            f"{name}: the arguments of build must have numbers, texts, True, False, None or tuples of these as "
            f"defaults ({error})."
        ) from None


def _as_before(name: str, value: Any, before: Value) -> Any:
    """A new value for an argument, of the kind that its default has."""
    if isinstance(value, str) and not isinstance(before, str):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(f"[{value.strip('()[]')}]" if isinstance(before, tuple) else _JSON.get(value, value))
    if isinstance(before, tuple):
        value = tuple(value) if isinstance(value, list | tuple) else (value,)
        kinds = {type(one) for one in before} or {type(one) for one in value}
        fits = all(type(one) in kinds for one in value)
    else:
        if isinstance(before, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        fits = before is None or type(value) is type(before)
    if not fits:
        raise DigitsError(f"{name} cannot be {value!r}: it must be like its default, {before!r}.")
    return value
