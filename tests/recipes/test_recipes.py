"""Recipes found, changed, and brought back from what a run remembers of them."""

import subprocess
import sys

import keras
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers
from sklearn.naive_bayes import GaussianNB

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Distortions, Fit, Recipe, RecipeRecord

OWN = '''"""Two dense layers of my own. With more to say."""

import keras
from keras import layers
from kaggle_digits.recipes import Fit

fit = Fit(epochs=2, batch_size=50)
search = {"width": (8, 64), "learning_rate": (1e-4, 1e-2)}


def build(image_shape, classes, width=16, hidden=(8, 4), rate=0.1, kind="relu", bias=True):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(width, activation=kind, use_bias=bias),
        layers.Dropout(rate), layers.Dense(classes, activation="softmax"),
    ])
'''


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def through_json(record):
    return msgspec.json.decode(msgspec.json.encode(record), type=RecipeRecord)


def test_every_recipe_is_found_under_its_own_name():
    assert [recipes.load(name).name for name in recipes.names()] == recipes.names()
    assert recipes.names() == sorted(recipes.names())
    assert recipes.DEFAULT in recipes.names()


def test_a_wrong_name_is_answered_with_the_right_ones():
    with pytest.raises(DigitsError, match=r"no recipe 'mpl'. Did you mean simple or mlp\?"):
        recipes.load("mpl")
    for ask in (recipes.load, recipes.source, recipes.outline):
        with pytest.raises(DigitsError, match=r"no recipe 'xyz'. Choose one of: binary, .*, svm. .* with its \.py\."):
            ask("xyz")


@pytest.mark.parametrize("name", ["../builtin/mlp", "", "MLP", "mlp_strong", "__init__", "champion/"])
def test_a_path_is_no_name(name):
    with pytest.raises(DigitsError, match="there is no recipe"):
        recipes.load(name)


def test_with_values_changes_only_what_is_given():
    mlp = recipes.load("mlp")
    changed = mlp.with_values({"epochs": 3, "dropout": 0.1})
    assert (changed.fit.epochs, changed.arguments["dropout"]) == (3, 0.1)
    assert changed.with_values({"epochs": mlp.fit.epochs, "dropout": mlp.arguments["dropout"]}) == mlp
    assert mlp.with_values({}) == mlp


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(DigitsError, match="learning_rate must be above 0"):
        recipes.load("mlp").with_values({"learning_rate": wrong})


def test_what_is_fitted_in_one_go_has_no_epochs():
    knn = recipes.load("knn")
    with pytest.raises(DigitsError, match="knn is not trained in epochs: epochs cannot be set"):
        knn.with_values({"epochs": 3})
    assert knn.with_values({"neighbors": 2}).fit is None


def test_an_unknown_value_is_answered_with_the_right_one():
    with pytest.raises(DigitsError, match="mlp has no value called 'drop_out'. Did you mean dropout?"):
        recipes.load("mlp").with_values({"drop_out": 0.5})
    with pytest.raises(DigitsError, match="knn has no value called 'xyz'. Choose among: neighbors, components."):
        recipes.load("knn").with_values({"xyz": 1})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("width", "64", 64),
        ("rate", "0", 0.0),
        ("rate", "2e-1", 0.2),
        ("kind", "tanh", "tanh"),
        ("kind", "7", "7"),
        ("bias", "False", False),
        ("bias", "true", True),
        ("hidden", "32", (32,)),
        ("hidden", "32,16", (32, 16)),
        ("hidden", "(32, 16)", (32, 16)),
        ("hidden", "[32, 16]", (32, 16)),
    ],
)
def test_a_value_may_be_text(own, name, text, value):
    changed = recipes.load(str(own)).with_values({name: text}).arguments[name]
    assert changed == value
    assert type(changed) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", "wide"), ("width", "1.5"), ("width", True), ("rate", "True"), ("bias", "1"), ("hidden", "1.5"),
     ("hidden", "a"), ("width", None), ("epochs", "many"), ("epochs", "1.5"), ("schedule", "slowly"), ("betas", "1"),
     ("rotation", "far"), ("rotation", -1), ("zoom", 1.0), ("width", "[[1]]"), ("width", "9" * 5000)],
)  # fmt: skip
def test_a_value_of_another_kind_is_one_sentence(own, name, value):
    with pytest.raises(DigitsError, match=name) as caught:
        recipes.load(str(own)).with_values({name: value})
    assert len(str(caught.value).splitlines()) == 1


@given(st.dictionaries(st.sampled_from(["width", "hidden", "rate", "kind", "bias", "epochs", "betas"]), st.text()))
def test_whatever_is_typed_it_is_a_value_or_a_sentence(values):
    def build(image_shape, classes, width=16, hidden=(8, 4), rate=0.1, kind="relu", bias=True):
        return GaussianNB()

    recipe = recipes.from_function(build)
    try:
        changed = recipe.with_values(values)
    except DigitsError:
        return
    assert {name: type(value) for name, value in changed.arguments.items()} == {
        name: type(value) for name, value in recipe.arguments.items()
    }


def test_values_of_a_fit_may_be_text_and_reach_its_distortions():
    plain = recipes.load("flat")
    changed = plain.with_values({"betas": "0.8,0.99", "rotation": "5", "patience": "3", "seconds": "2.5"})
    assert changed.fit.betas == (0.8, 0.99)
    assert changed.fit.distortions == Distortions(rotation=5)
    assert (changed.fit.patience, changed.fit.seconds) == (3, 2.5)
    again = changed.with_values({"shift": 1, "patience": "None"})
    assert again.fit.distortions == Distortions(rotation=5, shift=1)
    assert again.fit.patience is None


def test_a_committee_hands_values_to_the_members_that_have_them():
    both = Recipe("both", members=(recipes.load("strong"), recipes.load("flat")), folds=5)
    changed = both.with_values({"epochs": 2, "width": 8})
    assert {member.fit.epochs for member in changed.members} == {2}
    assert [member.arguments.get("width") for member in changed.members] == [8, None]
    with pytest.raises(DigitsError, match="both has no value called 'widht'. Did you mean width?"):
        changed.with_values({"widht": 8})


@pytest.mark.parametrize(("name", "wrong"), [("mlp", {"dropout": 1.5}), ("cnn", {"width": 0}), ("mlp", {"hidden": -3})])
def test_a_value_that_cannot_be_built_with_is_one_sentence(name, wrong):
    with pytest.raises(DigitsError, match=f"{name} cannot be built with .*{next(iter(wrong))}=") as caught:
        recipes.load(name).with_values(wrong).model((28, 28), 10)
    assert len(str(caught.value).splitlines()) == 1


def test_each_member_is_changed():
    folds = recipes.load("knn").in_folds(3)
    assert (folds.is_committee, folds.models, folds.folds, folds.name) == (True, 3, 3, "knn")
    assert folds.kinds == (recipes.load("knn"),)
    changed = folds.each(lambda recipe: recipe.with_values({"neighbors": 1}))
    assert [member.arguments["neighbors"] for member in changed.members] == [1]
    champion = recipes.load("champion")
    assert (champion.models, champion.in_folds(2).models, champion.in_folds(2, 0).models) == (10, 7, 2)
    with pytest.raises(DigitsError, match="champion is a committee"):
        champion.model((28, 28), 10)


def test_callbacks_are_told_but_not_remembered():
    callback = keras.callbacks.Callback()
    recipe = recipes.load("flat").with_callbacks(callback)
    assert recipe.fit.callbacks == (callback,)
    assert through_json(recipe.record()) == recipes.load("flat").record()
    assert recipes.restore(recipe.record(), None).fit.callbacks == ()


def test_a_recipe_of_ones_own_is_a_file(own):
    recipe = recipes.load(str(own))
    assert (recipe.name, recipe.summary, recipe.built_in) == (
        "own",
        "Two dense layers of my own. With more to say",
        False,
    )
    assert recipe.fit == Fit(epochs=2, batch_size=50)
    assert recipe.arguments == {"width": 16, "hidden": (8, 4), "rate": 0.1, "kind": "relu", "bias": True}
    assert recipe.search == {"width": (8, 64), "learning_rate": (1e-4, 1e-2)}
    assert recipe.file.text == OWN
    assert recipe.with_values({"width": 3}).model((8, 8), 10).count_params() == 65 * 3 + 4 * 10


def test_an_outline_runs_nothing(own, tmp_path):
    own.write_text(OWN + f"\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    outline = recipes.outline(str(own))
    assert outline.summary == "Two dense layers of my own. With more to say"
    assert {"build", "fit", "search", "layers", "Fit"} <= outline.names
    assert outline.imports == {"keras", "kaggle_digits"}
    assert not (tmp_path / "ran").exists()


def test_light_questions_load_nothing_heavy():
    code = (
        "import sys\nfrom kaggle_digits import recipes\n"
        "names = recipes.names(); recipes.measurements(); [(recipes.outline(n), recipes.source(n)) for n in names]\n"
        "print(sorted({'keras', 'tensorflow', 'sklearn', 'numpy'} & set(sys.modules)))\nrecipes.load('knn')\n"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


MISTAKES = {
    "syntax": ("def build(image_shape, classes:\n", r"own\.py, line 1: SyntaxError"),
    "an exception": ("\n\n1 / 0\n", r"own\.py, line 3: ZeroDivisionError: division by zero"),
    "a missing package": ("import nowhere_at_all\n", r"own\.py, line 1: ModuleNotFoundError.*Install that package"),
    "no build": ("fit = None\n", r"own\.py has no function build"),
    "a build that takes nothing": ("def build(): ...\n", r"own\.py: build must take image_shape and classes"),
    "an argument without a default": ("def build(a, b, width): ...\n", r"own\.py: the argument width .* a default"),
    "all arguments": ("def build(a, b, **all): ...\n", r"own\.py: the argument all of build must have a default"),
    "an argument of fit": ("def build(a, b, epochs=3): ...\n", r"own\.py: build has an argument epochs"),
    "another fit": ("fit = {'epochs': 3}\ndef build(a, b): ...\n", r"own\.py: fit must be a Fit"),
    "an unknown value": ("from kaggle_digits.recipes import Fit\nfit = Fit(epoch=3)\n", r"own\.py, line 2: TypeError"),
    "a wrong value": ("from kaggle_digits.recipes import Fit\nfit = Fit(epochs=0)\n", "epochs must be above 0"),
    "an exit": ("raise SystemExit(3)\n", r"own\.py, line 1: SystemExit"),
    "a null byte": ("a = 1\0\n", r"own\.py"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_is_one_sentence_with_its_line(own, mistake):
    text, words = MISTAKES[mistake]
    own.write_text(text)
    with pytest.raises(DigitsError, match=words) as caught:
        recipes.load(str(own))
    assert len(str(caught.value).splitlines()) == 1


def test_a_mistake_inside_build_is_blamed_on_its_line(own):
    own.write_text("import math\n\n\ndef build(image_shape, classes, width=3):\n    return math.sqrt(-width)\n")
    with pytest.raises(DigitsError, match=r"own\.py, line 5: ValueError"):
        recipes.load(str(own)).model((28, 28), 10)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "noise.py").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "folder", "noise"):
        with pytest.raises(DigitsError, match=rf"{name}\.py cannot be read: .*recipes --copy mlp"):
            recipes.load(str(tmp_path / f"{name}.py"))


def test_a_committee_of_ones_own_is_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('"""Both."""\nmembers = ("knn", "svm")\nfolds = 3\n')
    recipe = recipes.load(str(path))
    assert (recipe.summary, recipe.models, [one.name for one in recipe.members]) == ("Both", 6, ["knn", "svm"])
    assert recipes.restore(through_json(recipe.record()), recipe) == recipe


def test_a_committee_in_a_file_names_files_beside_it_but_no_other_committee(tmp_path):
    (tmp_path / "near.py").write_text(recipes.source("knn"))
    committee = tmp_path / "both.py"
    committee.write_text('members = ("svm", "near.py")\nfolds = 2\nrefit = 1\n')
    recipe = recipes.load(str(committee))
    assert ([one.name for one in recipe.members], recipe.models) == (["svm", "near"], 6)
    committee.write_text('members = ("both.py",)\n')
    with pytest.raises(DigitsError, match="both.py: both.py has members itself"):
        recipes.load(str(committee))
    committee.write_text('members = ("gone.py",)\n')
    with pytest.raises(DigitsError, match="gone.py cannot be read"):
        recipes.load(str(committee))


def test_a_function_is_a_recipe():
    def build(image_shape, classes, width=4):
        return keras.Sequential([keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(classes)])

    recipe = recipes.from_function(build, fit=Fit(epochs=3), name="mine", summary="Mine")
    assert (recipe.name, recipe.summary, recipe.fit.epochs, recipe.arguments) == ("mine", "Mine", 3, {"width": 4})
    assert recipe.with_values({"width": 8}).arguments == {"width": 8}
    assert recipes.from_function(build).with_values({"epochs": 5}).fit.epochs == 5


def test_a_file_comes_back_only_if_it_is_named_and_the_same(own):
    recipe = recipes.load(str(own)).with_values({"width": 5, "epochs": 7})
    record = through_json(recipe.record())
    assert recipes.restore(record, recipe) == recipe
    again = recipes.restore(record, recipes.load(str(own)))
    assert (again.record(), again.search, again.summary) == (recipe.record(), recipe.search, recipe.summary)
    with pytest.raises(RunError, match=r"this run began with own\.py, sha256 .* kaggle-digits train own\.py --resume"):
        recipes.restore(record)
    own.write_text(OWN + "\n")
    with pytest.raises(RunError, match=r"this run began with own\.py"):
        recipes.restore(record, recipes.load(str(own)))
    with pytest.raises(RunError, match=r"this run began with own\.py"):
        recipes.restore(record, recipes.load("mlp"))


def test_a_function_comes_back_only_if_it_is_given():
    def build(image_shape, classes, width=4):
        return GaussianNB()

    recipe = recipes.from_function(build).with_values({"width": 9})
    record = through_json(recipe.record())
    assert recipes.restore(record, recipes.from_function(build)).arguments == {"width": 9}
    with pytest.raises(RunError, match="began with a function. Continue it in Python"):
        recipes.restore(record)


def test_a_recipe_of_another_release_is_refused():
    with pytest.raises(RunError, match="this release has no recipe 'transformer'"):
        recipes.restore(RecipeRecord(name="transformer", built_in=True))
    with pytest.raises(RunError, match=r"this release has no recipe '\.\./mlp'"):
        recipes.restore(RecipeRecord(name="../mlp", built_in=True))
    for wrong in ({"heads": 8}, {"hidden": 8}, {"dropout": "0.1"}, {"hidden": (10**9,)}, {"hidden": (-1,)}):
        with pytest.raises(RunError, match=f"mlp cannot be built with {next(iter(wrong))} ="):
            recipes.restore(RecipeRecord(name="mlp", built_in=True, arguments=wrong))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"fit": {"epochs": "3"}}, "Expected `int`"),
        ({"fit": {"epoch": 3}}, "unknown field `epoch`"),
        ({"fit": {"schedule": "slow"}}, "Invalid enum value 'slow'"),
        ({"arguments": {"hidden": [[1]]}}, "Expected"),
        ({"arguments": {"hidden": {"a": 1}}}, "Expected"),
        ({"name": 7}, "Expected `str`"),
    ],
)
def test_a_record_that_was_edited_is_refused(wrong, words):
    record = msgspec.to_builtins(recipes.load("mlp").record())
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.json.decode(msgspec.json.encode({**record, **wrong}), type=RecipeRecord)


def test_what_was_measured_are_recipes():
    assert set(recipes.measurements()) <= set(recipes.names())
    for measured in recipes.measurements().values():
        assert 0.9 < measured.accuracy <= 1
        assert measured.seconds > 0
