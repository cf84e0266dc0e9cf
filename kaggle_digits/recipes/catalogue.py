"""Every hyperparameter of every model, by name."""

from dataclasses import replace

from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes.architectures import Convolutional, Dense, Forest, Logistic, Neighbors, SupportVectors
from kaggle_digits.recipes.recipe import Committee, Distortions, Expected, Fit, Recipe

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
        # itself, they erred less often together than with convolutions of 7 x 7 in its place, 33 against 38 times on a
        # first fold, and without any third kind 40 times; see benchmarks/results/ingredients.md.
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


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        DigitsError: there is none; the sentence lists those there are.
    """
    if name not in RECIPES:
        raise DigitsError(f"there is no recipe {name!r}. Choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]
