"""How a network is fitted, and how its training images are distorted: the values that a recipe file sets."""

from typing import Any, Literal, get_args

import msgspec

from kaggle_digits.errors import DigitsError

Schedule = Literal["one-cycle", "plateau", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]


class Distortions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far training images are distorted at random; validation and test images never are.

    Attributes:
        rotation: degrees to either side.
        shift: pixels in any direction.
        zoom: share by which height and width grow or shrink, each by itself; below 1.
        shear: pixels to the side for every pixel up.
        elastic: standard deviation of the elastic field's arrows, in pixels.

    Raises:
        DigitsError: a number is below 0, or too large to leave anything of a digit.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value, most = getattr(self, name), {"rotation": 180, "zoom": 0.99}.get(name, 100)
            if not 0 <= value <= most:
                raise DigitsError(f"{name} must be from 0 to {most}. Received: {value}.")


class Fit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a network is fitted: Adam on sparse categorical cross-entropy.

    Attributes:
        epochs: passes over the training rows, at most.
        batch_size: rows a step.
        learning_rate: the highest one.
        schedule: `one-cycle` reaches it after a tenth of the steps, from a twenty-fifth of it, and then falls along
            a cosine to almost nothing; `plateau` halves it whenever the validation loss has not improved for 2
            epochs; `constant` keeps it.
        patience: training ends early when so many epochs in a row brought no better validation; None is never.
        weight_decay: decoupled decay a step, in units of the learning rate.
        label_smoothing: share of every label that is spread evenly over all of them, from 0 to 1, so that the network
            is never driven to be surer than it can be; a training's loss counts it in, a validation's does not.
        distortions: how training images are distorted, anew in every epoch; None is not at all.
        betas: how slowly Adam forgets past gradients, and their squares.
        teacher: a built-in recipe that is fitted first to the same rows, for no more epochs than this one: then the
            network learns what it says of them, in place of the labels, and its training loss is how far it is from
            that. None is no teacher.
        unlabelled: whether it also learns what its teacher says of the images to label, where there are any: everyone
            has them. Out of fold, they are no row that is judged.
        precision: what is computed in; `auto` takes bfloat16 where a short measurement shows that it pays.
        jit: whether XLA compiles the step, which takes seconds: on a CPU faster for plain dense layers, several times
            slower for dropout and for convolutions.
        seconds: the training ends after so many, wherever it is, and a one-cycle goes by the clock; None is no limit.
        callbacks: `keras.callbacks.Callback`s, told of every batch and epoch; run.json does not remember them.

    Raises:
        DigitsError: a number that must be above 0 is not.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Schedule = "one-cycle"
    patience: int | None = None
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    distortions: Distortions | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    precision: Precision = "float32"
    jit: bool = False
    seconds: float | None = None
    teacher: str | None = None
    unlabelled: bool = False
    callbacks: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "seconds", "patience"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise DigitsError(f"{name} must be above 0. Received: {value}.")
        for name in ("weight_decay", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise DigitsError(f"{name} must be from 0 to below 1. Received: {getattr(self, name)}.")
        if self.schedule not in get_args(Schedule) or self.precision not in get_args(Precision):
            raise DigitsError(
                f"schedule is one of {', '.join(get_args(Schedule))}, precision one of "
                f"{', '.join(get_args(Precision))}. Received: {self.schedule}, {self.precision}."
            )

    def changed(self, values: dict[str, Any]) -> "Fit":
        """The same with other values, those of its distortions among them: `changed({"epochs": 3, "rotation": 5})`.

        Args:
            values: by name; text such as `"1e-3"` will do as well.

        Raises:
            DigitsError: a value is of the wrong kind or makes no sense.
        """
        own = {name: _converted(name, value, _TYPES[name]) for name, value in values.items() if name in _TYPES}
        drawn = {name: _converted(name, values[name], float) for name in values if name in _DISTORTIONS}
        if drawn:
            own["distortions"] = msgspec.structs.replace(self.distortions or Distortions(), **drawn)
        return msgspec.structs.replace(self, **own)


_DISTORTIONS = Distortions.__struct_fields__
_TYPES = {
    field.name: field.type for field in msgspec.structs.fields(Fit) if field.name not in ("distortions", "callbacks")
}
NAMES = (*_TYPES, *_DISTORTIONS)
"""What of a fit can be set by name."""


def _converted(name: str, value: Any, kind: Any) -> Any:
    if isinstance(value, str) and value.lower() == "none":
        value = None
    if kind == tuple[float, float] and isinstance(value, str):
        value = value.strip("()[]").split(",")
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise DigitsError(f"{name} cannot be {value!r}: {error}.") from None
