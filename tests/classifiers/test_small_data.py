"""Few rows change how a network is fitted."""

import pytest

from kaggle_digits.classifiers import small_data
from kaggle_digits.recipes import Distortions, Fit, Recipe

PLAIN = Recipe("plain", fit=Fit(epochs=5, batch_size=128), built_in=True)


def adapted(recipe: Recipe, rows: int = 800, asked: tuple[str, ...] = ()) -> tuple[Fit, str]:
    told: list[str] = []
    fit = small_data.adapted(recipe, rows, asked, told.append).fit
    assert fit is not None
    return fit, "".join(told)


def test_a_network_gets_smaller_batches_more_epochs_and_slight_distortions() -> None:
    fit, told = adapted(PLAIN)
    assert (fit.epochs, fit.batch_size) == (25, 64)
    assert fit.distortions is not None
    assert told == (
        "few rows: plain trains 25 epochs instead of 5, in batches of 64 instead of 128, on slightly distorted digits; "
        "--epochs, --batch-size and --set rotation=0 change that"
    )


@pytest.mark.parametrize(
    ("recipe", "rows", "asked"),
    [
        (PLAIN, 10_000, ()),
        (PLAIN, 800, ("rotation",)),
        (Recipe("own", fit=Fit(), built_in=False), 800, ()),
        (Recipe("strong", fit=Fit(distortions=Distortions(shift=2)), built_in=True), 800, ()),
    ],
)
def test_distortions_stay_where_there_are_many_rows_or_somebody_chose_them(
    recipe: Recipe, rows: int, asked: tuple[str, ...]
) -> None:
    assert recipe.fit is not None
    assert adapted(recipe, rows, asked)[0].distortions == recipe.fit.distortions
