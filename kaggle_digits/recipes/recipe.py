"""What a recipe is: a model, and how to fit it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes.architectures import Classic, Network

Schedule = Literal["one-cycle", "plateau", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class Distortions:
    """How far training images are distorted at random; validation and test images never are.

    Attributes:
        rotation: degrees to either side.
        shift: pixels in any direction.
        zoom: share by which height and width grow or shrink, each by itself.
        shear: pixels to the side for every pixel up.
        elastic: standard deviation of the elastic field's arrows, in pixels.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0


@dataclass(frozen=True)
class Fit:
    """How a network is fitted: Adam on cross-entropy.

    Attributes:
        epochs: passes over the training rows, at most.
        seconds: the training ends after so many, wherever it is, and a one-cycle goes by the clock; None is no limit.
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
        teacher: a recipe that is fitted first to the same rows, for no more epochs than this one: then the network
            learns what it says of them, in place of the labels, and its training loss is how far it is from that. None
            is no teacher.
        precision: what is computed in; `auto` takes bfloat16 where a short measurement shows that it pays.
        jit: whether XLA compiles the step, which takes seconds: on a CPU faster for plain dense layers, several times
            slower for dropout and for convolutions.

    Raises:
        DigitsError: a number that must be above 0 is not.
    """

    epochs: int
    batch_size: int
    learning_rate: float
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

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "seconds"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise DigitsError(f"{name} must be above 0. Received: {value}.")

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Fit":
        """What `Recipe.as_json` told of."""
        distortions = record["distortions"] and Distortions(**record["distortions"])
        return cls(**{**record, "betas": tuple(record["betas"]), "distortions": distortions})


@dataclass(frozen=True)
class Expected:
    """What a recipe gave on the competition's files; `benchmarks/recipes.py` and `cards.py` measure it again.

    Attributes:
        parameters: how many numbers it learns, all members together; None where that grows with the rows.
        accuracy: on 6,000 labelled rows kept out of training, validation and tuning, mean over seeds; of `mlp-strong`
            and `champion` out of fold, on all rows; 0 to 1.
        seconds: of training, on two cores.
    """

    parameters: int | None
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Committee:
    """Models of several kinds, each trained once for every fold; together they answer as one.

    Attributes:
        recipes: of the members, none of them a committee.
        folds: how many parts the rows are dealt into; each member learns all but one.
        views: whether members also look at images in five shifted views, which takes as long as about two epochs;
            out-of-fold rows say whether it helps.
    """

    recipes: tuple["Recipe", ...]
    folds: int
    views: bool = True

    @property
    def members(self) -> int:
        """How many models there are in all."""
        return len(self.recipes) * self.folds


@dataclass(frozen=True)
class Recipe:
    """A model and how to fit it.

    Attributes:
        name: what one types after `kaggle-digits train`.
        summary: what it is, in one line.
        model: the architecture, for the image shape and the classes of any data.
        fit: how a network is fitted; None for scikit-learn's models, which need no telling, and for a committee,
            whose members know.
        labels: how many labels it learns, from 0 up; None is all that the data has.
        expected: what it gave when it was last measured.
    """

    name: str
    summary: str
    model: Network | Classic | Committee
    fit: Fit | None = None
    labels: int | None = None
    expected: Expected | None = None

    def with_fit(self, **changes: Any) -> "Recipe":
        """The same recipe, fitted differently: `with_fit(epochs=3)`. Values of None change nothing.

        Raises:
            DigitsError: a value makes no sense, or the recipe is not a network.
        """
        changes = {name: value for name, value in changes.items() if value is not None}
        if not changes:
            return self
        if isinstance(self.model, Committee):
            members = tuple(recipe.with_fit(**changes) for recipe in self.model.recipes)
            return replace(self, model=replace(self.model, recipes=members))
        if self.fit is None:
            raise DigitsError(
                f"{self.name} is fitted in one go: {', '.join(sorted(changes))} cannot be set. Leave it out."
            )
        return replace(self, fit=replace(self.fit, **changes))

    def at_precision(self, choose: Callable[[Precision], Precision]) -> "Recipe":
        """The same recipe, its precision and its members' as a function of what it asks for says."""
        if isinstance(self.model, Committee):
            members = tuple(recipe.at_precision(choose) for recipe in self.model.recipes)
            return replace(self, model=replace(self.model, recipes=members))
        return self if self.fit is None else self.with_fit(precision=choose(self.fit.precision))

    def in_folds(self, count: int) -> "Recipe":
        """The same recipe, trained once for every fold: its members then answer together."""
        members = self.model.recipes if isinstance(self.model, Committee) else (self,)
        return replace(self, model=Committee(members, count), fit=None)

    def as_json(self) -> dict[str, Any]:
        """Every value of the recipe as plain dictionaries, for run.json."""
        fields = asdict(self)
        del fields["expected"]
        if isinstance(self.model, Committee):
            fields["model"] = {
                "recipes": [recipe.as_json() for recipe in self.model.recipes],
                "folds": self.model.folds,
                "views": self.model.views,
            }
        return {**fields, "kind": type(self.model).__name__}
