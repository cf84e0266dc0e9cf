"""What a recipe file of a user's own may build of scikit-learn can be loaded again, and says the same."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from kaggle_digits import recipes
from kaggle_digits.classifiers import classic, estimators
from kaggle_digits.digits import Digits

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (90, 4, 4)).astype(np.uint8)
DIGITS = Digits.numbered(IMAGES, np.arange(90) % 3, classes=3)

ESTIMATORS = [
    AdaBoostClassifier(n_estimators=3),
    BaggingClassifier(n_estimators=2),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    DecisionTreeClassifier(),
    GaussianNB(),
    GradientBoostingClassifier(n_estimators=2),
    HistGradientBoostingClassifier(max_iter=2),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="ball_tree"),
    LinearDiscriminantAnalysis(),
    MLPClassifier((4,), max_iter=2),
    MLPClassifier((4,), max_iter=2, solver="lbfgs"),
    NearestCentroid(),
    RandomForestClassifier(3),
    RidgeClassifier(),
    SGDClassifier(loss="log_loss"),
    SVC(),
    StackingClassifier([("near", KNeighborsClassifier()), ("bayes", GaussianNB())], LogisticRegression(), cv=2),
    VotingClassifier([("near", KNeighborsClassifier()), ("bayes", GaussianNB())], voting="soft"),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_an_estimator_is_loaded_again(estimator, tmp_path):
    estimators.check(estimator)
    recipe = recipes.from_function(lambda _shape, _classes: estimator)
    fitted = classic.fit(recipe, DIGITS, DIGITS, seed=0)
    fitted.save(tmp_path)
    answers = classic.load(tmp_path).probabilities(IMAGES)
    assert answers.shape == (90, 3)
    np.testing.assert_allclose(answers, fitted.probabilities(IMAGES), atol=1e-6)
