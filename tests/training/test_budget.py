import time

import msgspec
import pytest
from small import SMALL, but, train

from kaggle_digits import recipes, runs
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.runs import Listener, Plan
from kaggle_digits.training import budget as budgets
from kaggle_digits.training.budget import Budget, choose, in_words, within


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("20", 20), (" 1.5M ", 90), ("0.5h", 1800)]
)
def test_times_are_read_as_people_write_them(text, seconds):
    assert runs.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-5s", "10 minutes", "1h30m", "nan", "1e3", "9s", "0", "1000h"])
def test_what_is_no_time_or_too_little_is_refused(text):
    with pytest.raises(DigitsError, match="--budget must be a time such as 90s, 10m or 1h"):
        runs.seconds(text)


def allowed(recipe):
    """The seconds of all trainings of a recipe together."""
    return sum(kind.fit.seconds for kind in recipe.kinds) * recipe.models / len(recipe.kinds)


@pytest.mark.parametrize("most_at_once", [1, 2, 8])
def test_longer_budgets_train_longer_and_none_too_long(most_at_once):
    before = 0.0
    for seconds in (20, 60, 120, 600, 1800, 3600):
        budget = Budget(seconds, spent=3.0, most_at_once=most_at_once)
        recipe, at_once = within(choose(budget), budget)
        assert before < allowed(recipe) < (seconds - 3) * at_once
        before = allowed(recipe) if not recipe.is_committee else 0.0


def test_the_more_time_the_larger_the_model():
    kinds = [choose(Budget(seconds, spent=3.0, most_at_once=2)) for seconds in (20, 200, 300, 600, 1200, 3600)]
    assert [kind.name for kind in kinds] == ["sprint", *["strong"] * 4, "champion"]
    assert [kind.models for kind in kinds] == [1, 1, 2, 4, 8, 10]


def test_what_is_fitted_in_one_go_cannot_be_shortened():
    with pytest.raises(DigitsError, match="svm is not trained in epochs: --budget cannot shorten it"):
        within(recipes.load("svm"), Budget(60, 3.0))
    with pytest.raises(DigitsError, match="svm is not trained in epochs: --budget cannot shorten it"):
        within(recipes.load("svm"), Budget(600, 3.0, folds=5))


def test_folds_share_the_time_and_jobs_multiply_it():
    one, two = (allowed(within(recipes.load("mlp"), Budget(600, 3.0, folds=4, jobs=jobs))[0]) for jobs in (1, 2))
    assert one < 600 < two < 1200
    assert choose(Budget(200, 3.0, folds=10)).name == "sprint"


def test_too_many_folds_for_the_time_are_refused():
    with pytest.raises(DigitsError, match="60 s is too short for 10 models. Allow more time, or fewer --folds"):
        within(recipes.load("mlp"), Budget(60, 3.0, folds=10))


def test_images_are_looked_at_five_times_where_there_is_time_for_it():
    for seconds, tta in ((600, True), (1500, True), (3600, True)):
        budget = Budget(seconds, spent=6.0, most_at_once=2)
        recipe, at_once = within(choose(budget), budget)
        assert recipe.tta is tta
        # Whatever the time is used for, there is enough of it for all members.
        assert -(-recipe.models // at_once) * recipe.kinds[0].fit.seconds < seconds


def test_time_that_loading_and_saving_would_use_up_is_refused():
    with pytest.raises(DigitsError, match="10 s is too short: loading took 6 s"):
        within(recipes.load("mlp"), Budget(10, 6.0))
    for seconds, spent in ((10, 4.0), (40, 30.0)):
        late, _ = within(recipes.load("mlp"), Budget(seconds, spent))
        assert late.fit.seconds == 1.0


def test_time_that_is_hardly_enough_is_told_of():
    told = [in_words(recipes.load("mlp"), Budget(seconds, 6.0), 1) for seconds in (12, 60)]
    assert told[0] == "in 12 s: mlp, trained for 1 s after 6 s of loading; allow more time for an accurate model"
    assert "allow more time" not in told[1]


@pytest.mark.parametrize("spent", [3.0, 20.0, 45.0])
@pytest.mark.parametrize("most_at_once", [1, 2, 8])
def test_what_nobody_asked_for_is_never_refused(spent, most_at_once):
    for seconds in (120, 300, 600, 1200, 2400, 3600):
        budget = Budget(seconds, spent, most_at_once=most_at_once)
        recipe, at_once = within(choose(budget), budget)
        assert 1 <= at_once <= most_at_once
        if recipe.is_committee:
            assert recipe.kinds[0].fit.seconds >= 100


def test_a_training_by_the_clock_can_go_on():
    for seconds in (60, 600, 3600):
        budget = Budget(seconds, 5.0, most_at_once=2)
        recipe, _ = within(choose(budget), budget)
        record = msgspec.json.decode(msgspec.json.encode(recipe.record()), type=RecipeRecord)
        assert recipes.restore(record).record() == recipe.record()


class Notes(Listener):
    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


def fitting(plan, recipe=None):
    asked = recipe or recipes.load(plan.recipe or recipes.DEFAULT).with_values(plan.values)
    return budgets.fitting(plan, asked, time.perf_counter(), Notes())


def test_whoever_asks_for_fewer_epochs_than_there_is_time_for_gets_them():
    recipe, _ = fitting(Plan("flat", values={"epochs": 2, "batch_size": 64}, budget=600))
    assert (recipe.fit.epochs, recipe.fit.batch_size) == (2, 64)
    assert 1 <= recipe.fit.seconds < 600
    recipe, _ = fitting(Plan(values={"epochs": "2"}, budget=600, folds=2))
    assert [kind.fit.epochs for kind in recipe.kinds] == [2]


def test_a_number_of_jobs_goes_with_a_budget():
    one, at_once = fitting(Plan("flat", budget=600, folds=4, jobs=1))
    two, both_at_once = fitting(Plan("flat", budget=600, folds=4, jobs=2))
    assert (at_once, both_at_once) == (1, 2)
    assert allowed(one) < allowed(two)


def test_a_network_of_the_users_own_is_trained_in_the_time_as_well():
    """It need not say how it is fitted."""
    own = recipes.from_function(recipes.load("flat").build, name="mine")
    recipe, at_once = fitting(Plan(budget=600), own)
    assert (recipe.name, at_once) == ("mine", 1)
    assert recipe.fit.seconds < 600


def test_a_budget_ends_the_training(tmp_path):
    """Long before its epochs, of which it has more than anybody could wait for."""
    done = train(but(SMALL, {"epochs": 10}, budget=20.0), tmp_path)
    assert done.record.recipe.fit.seconds < 20
    assert done.record.plan.budget == 20
    assert done.record.epochs <= 10
