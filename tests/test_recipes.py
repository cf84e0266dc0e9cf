import pytest

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError


def test_every_recipe_is_found_under_its_own_name():
    assert all(recipes.get(name).name == name for name in recipes.RECIPES)
    assert recipes.DEFAULT in recipes.RECIPES


def test_a_wrong_name_is_answered_with_the_right_ones():
    with pytest.raises(DigitsError, match="no recipe 'mpl'. Choose one of: mlp, cnn"):
        recipes.get("mpl")


def test_with_epochs_changes_nothing_else():
    mlp = recipes.get("mlp")
    assert mlp.with_epochs(3).fit.epochs == 3
    assert mlp.with_epochs(3).with_epochs(mlp.fit.epochs) == mlp
