import pytest

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Committee
from kaggle_digits.training.budget import Budget, choose, parse, within


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("20", 20), (" 1.5M ", 90), ("0.5h", 1800)]
)
def test_times_are_read_as_people_write_them(text, seconds):
    assert parse(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-5s", "10 minutes", "1h30m", "nan", "1e3", "9s", "0", "1000h"])
def test_what_is_no_time_or_too_little_is_refused(text):
    with pytest.raises(DigitsError, match="--budget must be a time such as 90s, 10m or 1h"):
        parse(text)


def allowed(recipe):
    """The seconds of all trainings of a recipe together."""
    if isinstance(recipe.model, Committee):
        return sum(one.fit.seconds for one in recipe.model.recipes) * recipe.model.folds
    return recipe.fit.seconds


@pytest.mark.parametrize("most_at_once", [1, 2, 8])
def test_longer_budgets_train_longer_and_none_too_long(most_at_once):
    before = 0.0
    for seconds in (20, 60, 120, 600, 1800, 3600):
        budget = Budget(seconds, spent=3.0, most_at_once=most_at_once)
        recipe = within(choose(budget), budget)
        at_once = most_at_once if isinstance(recipe.model, Committee) else 1
        assert before < allowed(recipe) < (seconds - 3) * at_once
        before = allowed(recipe) if not isinstance(recipe.model, Committee) else 0.0


def test_the_more_time_the_larger_the_model():
    kinds = [choose(Budget(seconds, spent=3.0)) for seconds in (20, 200, 900, 3600)]
    assert [kind.name for kind in kinds] == ["sprint", "strong", "strong", "champion"]
    assert [isinstance(kind.model, Committee) for kind in kinds] == [False, False, True, True]


def test_what_is_fitted_in_one_go_cannot_be_shortened():
    with pytest.raises(DigitsError, match="svm is fitted in one go: --budget cannot shorten it"):
        within(recipes.get("svm"), Budget(60, 3.0))
    with pytest.raises(DigitsError, match="svm is fitted in one go: --budget cannot shorten it"):
        within(recipes.get("svm"), Budget(600, 3.0, folds=5))


def test_folds_share_the_time_and_jobs_multiply_it():
    one, two = (allowed(within(recipes.get("mlp"), Budget(600, 3.0, folds=4, jobs=jobs))) for jobs in (1, 2))
    assert one < 600 < two < 1200
    assert choose(Budget(200, 3.0, folds=10)).name == "sprint"


def test_too_many_folds_for_the_time_are_refused():
    with pytest.raises(DigitsError, match="no time for 10 models in 60 s. Give it more time, or fewer --folds"):
        within(recipes.get("mlp"), Budget(60, 3.0, folds=10))


def test_images_are_looked_at_five_times_where_there_is_time_for_it():
    for seconds, views in ((600, False), (1500, True), (3600, True)):
        budget = Budget(seconds, spent=6.0, most_at_once=2)
        model = within(choose(budget), budget).model
        assert model.views is views
        # Whatever the time is used for, there is enough of it for all members.
        rounds = -(-len(model.recipes) * model.folds // 2)
        assert rounds * model.recipes[0].fit.seconds < seconds
