"""Every hyperparameter of every model, by name. Nothing heavy is imported here."""

from dataclasses import dataclass, replace

from kaggle_digits.errors import DigitsError


@dataclass(frozen=True)
class Dense:
    """Fully connected ReLU layers on the pixels, then softmax.

    Attributes:
        hidden: units of each hidden layer.
    """

    hidden: tuple[int, ...]


@dataclass(frozen=True)
class Convolutional:
    """Blocks of 3 x 3 ReLU convolutions with batch normalisation, then one dense layer, then softmax.

    Attributes:
        blocks: for each block, the filters of its convolutions; a block ends with 2 x 2 max pooling and dropout.
        dense: units of the dense layer.
        block_dropout: share of a block's outputs that dropout silences, from 0 to 1.
        dense_dropout: the same for the dense layer.
    """

    blocks: tuple[tuple[int, ...], ...]
    dense: int
    block_dropout: float
    dense_dropout: float


@dataclass(frozen=True)
class Fit:
    """How a network is fitted: Adam on sparse categorical cross-entropy, with a one-cycle learning rate.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows a step.
        learning_rate: the highest one; it is reached after a tenth of the steps, from a twenty-fifth of it, and
            then falls along a cosine to almost nothing.
        weight_decay: decoupled decay a step, in units of the learning rate.
        jit: whether XLA compiles the step: faster for dense layers, slower for convolutions on a CPU.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    jit: bool = False


@dataclass(frozen=True)
class Recipe:
    """A model and how to fit it.

    Attributes:
        name: what one types after `kaggle-digits train`.
        summary: what it is, in one line.
        model: the architecture, for the image shape and the classes of any data.
        fit: how it is fitted.
    """

    name: str
    summary: str
    model: Dense | Convolutional
    fit: Fit

    def with_epochs(self, epochs: int) -> "Recipe":
        """The same recipe with another number of epochs; the learning rate's course is stretched to fit."""
        return replace(self, fit=replace(self.fit, epochs=epochs))


_MLP = Recipe(
    "mlp",
    "dense ReLU layers of 784, 256 and 128 units",
    Dense(hidden=(784, 256, 128)),
    Fit(epochs=10, batch_size=128, learning_rate=2e-3, weight_decay=0.1, jit=True),
)
_CNN = Recipe(
    "cnn",
    "convolutions 32-32, 64-64 and 128 with batch normalisation and dropout, dense 512",
    Convolutional(blocks=((32, 32), (64, 64), (128,)), dense=512, block_dropout=0.25, dense_dropout=0.5),
    Fit(epochs=10, batch_size=128, learning_rate=3e-3),
)

RECIPES = {recipe.name: recipe for recipe in (_MLP, _CNN)}
DEFAULT = "mlp"


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        DigitsError: there is none; the sentence lists those there are.
    """
    if name not in RECIPES:
        raise DigitsError(f"there is no recipe {name!r}. Choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]
