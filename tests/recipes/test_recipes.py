import json
from dataclasses import replace

import pytest

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError, RunError


def test_every_recipe_is_found_under_its_own_name():
    assert all(recipes.get(name).name == name for name in recipes.RECIPES)
    assert recipes.DEFAULT in recipes.RECIPES


def test_a_wrong_name_is_answered_with_the_right_ones():
    with pytest.raises(DigitsError, match="no recipe 'mpl'. Choose one of: mlp, cnn"):
        recipes.get("mpl")


def test_with_fit_changes_only_what_is_given():
    mlp = recipes.get("mlp")
    assert mlp.with_fit(epochs=3, batch_size=None).fit.epochs == 3
    assert mlp.with_fit(epochs=3).with_fit(epochs=mlp.fit.epochs) == mlp
    assert mlp.with_fit(epochs=None) == mlp


def test_a_rate_that_makes_no_sense_is_refused():
    for wrong in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(DigitsError, match="learning_rate must be above 0"):
            recipes.get("mlp").with_fit(learning_rate=wrong)


def test_what_is_fitted_in_one_go_has_no_epochs():
    with pytest.raises(DigitsError, match="knn is fitted in one go: epochs cannot be set"):
        recipes.get("knn").with_fit(epochs=3)
    assert recipes.get("knn").with_fit(epochs=None) == recipes.get("knn")


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=recipes.RECIPES)
def test_a_recipe_comes_back_from_its_record(recipe):
    record = json.loads(json.dumps(recipe.as_json()))
    assert recipes.from_json(record) == replace(recipe, expected=None)


def test_a_recipe_of_another_release_is_refused():
    record = recipes.get("mlp").as_json()
    for wrong in ({"kind": "Transformer"}, {"model": {"hidden": [1], "heads": 8}}, {"fit": {"epochs": 1}}):
        with pytest.raises(RunError, match="cannot go on with such a recipe"):
            recipes.from_json({**record, **wrong})
