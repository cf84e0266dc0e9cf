"""Every hyperparameter of every model, by name. Nothing heavy is imported here."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from kaggle_digits.architectures import (
    Classic,
    Convolutional,
    Dense,
    Forest,
    Logistic,
    Neighbors,
    Network,
    SupportVectors,
)
from kaggle_digits.conforming import conforms
from kaggle_digits.errors import DigitsError, RunError

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


_SLIGHT = Distortions(rotation=6, shift=1, zoom=0.05, shear=0.05, elastic=0.5)
_LIGHT = Distortions(rotation=8, shift=1.5, zoom=0.08, shear=0.08, elastic=0.7)

_STRONG = Distortions(rotation=10, shift=2, zoom=0.1, shear=0.1, elastic=0.7)


_LARGE_FILTERS = Convolutional(
    blocks=((32, 48), (96,)),
    dense=256,
    dense_dropout=0.4,
    batch_normalization=False,
    kernel=5,
    padding="valid",
)
_SMALL_FILTERS = Convolutional(
    blocks=((40, 40), (80, 80), (160, 160)),
    dense=None,
    dense_dropout=0.3,
    batch_normalization=False,
    padding="valid",
    ending="maximum",
)
_LONG = Fit(epochs=26, batch_size=128, learning_rate=3e-3, label_smoothing=0.1, distortions=_STRONG, precision="auto")
_STRONG_FIT = replace(_LONG, epochs=22)

_MLP = Dense(hidden=(784, 256, 128))
_MLP_LONG = Fit(epochs=150, batch_size=256, learning_rate=3e-3, weight_decay=0.1, distortions=_STRONG, precision="auto")

_RECIPES = (
    Recipe(
        "mlp",
        "dense ReLU layers of 784, 256 and 128 units",
        _MLP,
        Fit(
            epochs=6,
            batch_size=256,
            learning_rate=3e-3,
            weight_decay=0.1,
            distortions=_SLIGHT,
            precision="auto",
        ),
        expected=Expected(850_586, 0.9847, 8),
    ),
    Recipe(
        "cnn",
        "convolutions 32-32, 64-64 and 128 with batch normalisation and dropout, dense 512",
        Convolutional(blocks=((32, 32), (64, 64), (128,)), dense=512, block_dropout=0.25, dense_dropout=0.5),
        Fit(epochs=10, batch_size=128, learning_rate=3e-3, precision="auto"),
        expected=Expected(737_642, 0.9937, 177),
    ),
    Recipe(
        "sprint",
        "the fastest way to 99 %: two small convolutions on folded, slightly distorted digits",
        Convolutional(
            blocks=((48,), (64,)),
            dense=256,
            batch_normalization=False,
            fold=True,
            padding="valid",
            ending="nothing",
        ),
        Fit(
            epochs=2,
            batch_size=256,
            learning_rate=1e-2,
            label_smoothing=0.1,
            distortions=_SLIGHT,
            betas=(0.7, 0.9),
            precision="auto",
        ),
        expected=Expected(294_458, 0.9918, 4),
    ),
    Recipe(
        "strong",
        "the best single network that trains in minutes: six convolutions on distorted digits",
        _SMALL_FILTERS,
        _STRONG_FIT,
        expected=Expected(448_930, 0.9951, 209),
    ),
    Recipe(
        "mlp-strong",
        "the very network of mlp, which learns for 150 epochs what strong says of strongly distorted digits",
        _MLP,
        replace(_MLP_LONG, teacher="strong"),
        expected=Expected(850_586, 0.9942, 418),
    ),
    Recipe(
        "champion",
        "the best score: unlike networks, each trained once for every fold, that answer together",
        # A network without convolutions errs on other digits than those with: though it is the worst of the three by
        # itself, they make a tenth fewer errors together than with convolutions of 7 x 7 in its place.
        Committee(
            (
                Recipe("small-filters", "six convolutions of 3 x 3: strong", _SMALL_FILTERS, _STRONG_FIT),
                Recipe("large-filters", "three convolutions of 5 x 5 and a dense layer", _LARGE_FILTERS, _LONG),
                Recipe("no-filters", "the dense layers of mlp", _MLP, _MLP_LONG),
            ),
            folds=5,
        ),
        expected=Expected(8_390_510, 0.9961, 2501),
    ),
    Recipe(
        "dense",
        "1024, 512 and 256 units with batch normalisation and dropout, on distorted digits",
        Dense(hidden=(1024, 512, 256), batch_normalization=True, dropout=0.2),
        Fit(epochs=20, batch_size=128, learning_rate=3e-3, distortions=_LIGHT),
        expected=Expected(1_469_706, 0.9898, 61),
    ),
    Recipe(
        "simple",
        "two dense layers of 256 and 128 units with dropout",
        Dense(hidden=(256, 128), dropout=0.2),
        Fit(epochs=12, batch_size=128, learning_rate=3e-3),
        expected=Expected(235_146, 0.9802, 12),
    ),
    Recipe(
        "flat",
        "one dense layer of 128 units",
        Dense(hidden=(128,)),
        Fit(epochs=10, batch_size=128, learning_rate=8e-3, jit=True),
        expected=Expected(101_770, 0.9764, 8),
    ),
    Recipe(
        "binary",
        "zeros against ones: 20 x 20 pixels, sigmoid layers of 25 and 15 units, one sigmoid output",
        Dense(hidden=(25, 15), activation="sigmoid", side=20, output="sigmoid"),
        Fit(epochs=20, batch_size=32, learning_rate=1e-2, jit=True),
        labels=2,
        expected=Expected(10_431, 1.0000, 10),
    ),
    Recipe(
        "knn",
        "the 4 nearest neighbours in 40 principal components",
        Neighbors(neighbors=4, components=40),
        expected=Expected(None, 0.9734, 2),
    ),
    Recipe(
        "svm",
        "support vectors with a Gaussian kernel on 50 principal components",
        SupportVectors(penalty=5.0, gamma=0.03, components=50),
        expected=Expected(None, 0.9862, 7),
    ),
    Recipe(
        "forest",
        "200 extremely randomised trees",
        Forest(trees=200, leaf=1),
        expected=Expected(None, 0.9693, 11),
    ),
    Recipe(
        "logistic",
        "multinomial logistic regression on the pixels",
        Logistic(penalty=0.1, iterations=300),
        expected=Expected(7_850, 0.9222, 7),
    ),
)

RECIPES = {recipe.name: recipe for recipe in _RECIPES}
DEFAULT = "mlp"

_LARGEST_SIZE = 10_000


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        DigitsError: there is none; the sentence lists those there are.
    """
    if name not in RECIPES:
        raise DigitsError(f"there is no recipe {name!r}. Choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]


def from_json(record: dict[str, Any]) -> Recipe:
    """The recipe that `as_json` told of, so that an interrupted training can go on with it.

    Raises:
        RunError: this release knows no such model, or it has other parts.
    """
    try:
        fit = record["fit"] and Fit.from_json(record["fit"])
        recipe = Recipe(record["name"], record["summary"], _model(record), fit, record["labels"])
        if not (conforms(recipe, Recipe) and _has_sizes(record["model"])):
            raise ValueError("its values are not of the right kind")
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"this release cannot go on with such a recipe ({error}). Train from the beginning.") from error
    return recipe


def _has_sizes(value: Any) -> bool:
    """Whether every whole number in the record of a model is one that a model can be made of."""
    if isinstance(value, dict):
        return all(map(_has_sizes, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_has_sizes, value))
    return isinstance(value, bool) or not isinstance(value, int) or 0 < value <= _LARGEST_SIZE


def _model(record: dict[str, Any]) -> Network | Classic | Committee:
    if record["kind"] == Committee.__name__:
        model = record["model"]
        return Committee(tuple(map(from_json, model["recipes"])), model["folds"], model["views"])
    kinds = {kind.__name__: kind for kind in (*get_args(Network), *get_args(Classic))}
    return cast(Network | Classic, kinds[record["kind"]](**_with_tuples(record["model"])))


def _with_tuples(value: Any) -> Any:
    """JSON gives tuples back as lists."""
    if isinstance(value, dict):
        return {name: _with_tuples(one) for name, one in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value
