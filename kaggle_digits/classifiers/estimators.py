"""scikit-learn's estimators, looked through before they answer: known parts, whose arrays point nowhere outside.

scikit-learn's compiled code follows the indices of a tree, and believes the shapes of support vectors and neighbours,
without looking; skops says which types a file holds, and not what is in them. A crafted array would read, or write,
somebody else's memory.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Estimators that answer in NumPy, which looks at every index and shape; or whose arrays are checked below.
_ESTIMATORS = """
calibration.CalibratedClassifierCV compose.ColumnTransformer decomposition.FactorAnalysis decomposition.FastICA
decomposition.IncrementalPCA decomposition.PCA decomposition.TruncatedSVD
discriminant_analysis.LinearDiscriminantAnalysis discriminant_analysis.QuadraticDiscriminantAnalysis
dummy.DummyClassifier ensemble.AdaBoostClassifier ensemble.BaggingClassifier ensemble.ExtraTreesClassifier
ensemble.GradientBoostingClassifier ensemble.HistGradientBoostingClassifier ensemble.RandomForestClassifier
ensemble.StackingClassifier ensemble.VotingClassifier feature_selection.SelectFromModel
feature_selection.VarianceThreshold frozen.FrozenEstimator impute.SimpleImputer kernel_approximation.RBFSampler
linear_model.LogisticRegression linear_model.LogisticRegressionCV linear_model.PassiveAggressiveClassifier
linear_model.Perceptron linear_model.RidgeClassifier linear_model.RidgeClassifierCV linear_model.SGDClassifier
multiclass.OneVsOneClassifier multiclass.OneVsRestClassifier naive_bayes.BernoulliNB naive_bayes.ComplementNB
naive_bayes.GaussianNB naive_bayes.MultinomialNB neighbors.KNeighborsClassifier neighbors.NearestCentroid
neighbors.NeighborhoodComponentsAnalysis neural_network.BernoulliRBM neural_network.MLPClassifier pipeline.FeatureUnion
pipeline.Pipeline preprocessing.Binarizer preprocessing.LabelBinarizer preprocessing.LabelEncoder
preprocessing.MaxAbsScaler preprocessing.MinMaxScaler preprocessing.Normalizer preprocessing.PowerTransformer
preprocessing.QuantileTransformer preprocessing.RobustScaler preprocessing.StandardScaler
random_projection.GaussianRandomProjection svm.LinearSVC svm.NuSVC svm.SVC tree.DecisionTreeClassifier
tree.DecisionTreeRegressor tree.ExtraTreeClassifier
"""

# What these hold besides: numbers, and losses that only a fit asks.
_PARTS = """
calibration._CalibratedClassifier calibration._SigmoidCalibration
ensemble._hist_gradient_boosting.binning._BinMapper ensemble._hist_gradient_boosting.predictor.TreePredictor
tree._tree.Tree
"""
_LOSSES = ("sklearn._loss.", "sklearn.linear_model._sgd_fast.", "sklearn.neural_network._stochastic_optimizers.")

_METRICS = {"euclidean", "l2", "manhattan", "l1", "cityblock", "chebyshev", "minkowski", "cosine"}
_KERNELS = {"linear", "poly", "rbf", "sigmoid"}
_MOST_JOBS = 1024
SEARCH_TREE = "_tree"
"""Where neighbours keep it: not in a file, whose indices nobody could trust, but built anew from the rows."""
_LEAF = -1


def check(model: Any) -> None:
    """Makes sure that an estimator is made of known parts, and that compiled code may follow their arrays.

    Args:
        model: an estimator or a pipeline, fitted or not. Neighbours without their search tree get one.

    Raises:
        ValueError: it holds anything else, which could not be saved and loaded safely.
    """
    from sklearn.base import BaseEstimator

    if not isinstance(model, BaseEstimator):
        raise ValueError(f"it is not an estimator but {_kind(model)}")
    known = {f"sklearn.{name}" for name in _ESTIMATORS.split()}
    parts = {f"sklearn.{name}" for name in _PARTS.split()}
    for part in _parts(model):
        kind = _kind(part)
        if kind not in parts and not kind.startswith(_LOSSES) and _public(kind) not in known:
            raise ValueError(f"it holds {kind}, which cannot be loaded safely")
        if isinstance(part, BaseEstimator):
            _check_estimator(part)


@contextlib.contextmanager
def without_search_trees(model: Any) -> Iterator[None]:
    """Takes the search trees of neighbours away for as long as a model is saved."""
    taken = [(part, vars(part)[SEARCH_TREE]) for part in _parts(model) if SEARCH_TREE in getattr(part, "__dict__", {})]
    try:
        for part, _ in taken:
            setattr(part, SEARCH_TREE, None)
        yield
    finally:
        for part, tree in taken:
            setattr(part, SEARCH_TREE, tree)


def _parts(value: Any) -> Iterator[Any]:
    """Every object within, from the outside in, that is neither a number, a text nor a container of these."""
    if value is None or isinstance(value, bool | int | float | str | bytes | np.generic | np.random.RandomState):
        return
    if isinstance(value, np.random.Generator | np.dtype | slice) or (
        isinstance(value, type) and issubclass(value, np.generic)
    ):
        return
    inside: Any
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            raise ValueError(f"it holds {_kind(value)}, which cannot be loaded safely")
        inside = value.flat if value.dtype.hasobject else ()
    elif isinstance(value, dict):
        inside = (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | set):
        inside = value
    else:
        yield value
        inside = [one for name, one in getattr(value, "__dict__", {}).items() if name != SEARCH_TREE]
    for one in inside:
        yield from _parts(one)


def _kind(value: Any) -> str:
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__name__}"


def _public(kind: str) -> str:
    """`sklearn.svm._classes.SVC` as one imports it: `sklearn.svm.SVC`."""
    names = kind.split(".")
    return ".".join((*names[:2], names[-1]))


def _check_estimator(estimator: Any) -> None:
    held = vars(estimator)
    if type(estimator).__name__ == "DummyClassifier":  # the one that draws when it answers
        _demand(isinstance(held.get("random_state"), int | np.integer | None), "its random numbers are none of ours")
    for name in held:
        # What a class says of itself, its methods among it, is not for a file to say.
        _demand(not hasattr(type(estimator), name), f"its {name} is not its own")
    _demand(held.get("memory") is None, "it has a memory, which is a folder of pickles")
    _demand(held.get("n_jobs") is None or _is_count(abs(held["n_jobs"]), _MOST_JOBS), "its n_jobs makes no sense")
    if "n_classes_" in held and "classes_" in held:
        _demand(
            np.ndim(held["n_classes_"]) == 0 and held["n_classes_"] == len(held["classes_"]), "its labels do not add up"
        )
    for mark, look in _CHECKS.items():
        if mark in held and type(estimator).__name__ in look:
            look[type(estimator).__name__](estimator)


def _check_tree(estimator: Any) -> None:
    """One that compiled code can walk: every step leads on, to a node that is there, by a pixel that is there."""
    tree = estimator.tree_
    _demand(_kind(tree) == "sklearn.tree._tree.Tree", "its tree is none")
    _demand(1 <= tree.node_count <= tree.capacity, "a tree lacks nodes")
    nodes = tree.__getstate__()["nodes"]
    _demand(tree.n_outputs == 1 and tree.n_features == _features(estimator), "a tree is for other rows")
    _check_nodes(
        nodes["left_child"], nodes["right_child"], nodes["feature"], nodes["left_child"] == _LEAF, tree.n_features
    )


def _check_nodes(
    left: NDArray[Any], right: NDArray[Any], feature: NDArray[Any], is_leaf: NDArray[Any], features: int
) -> None:
    inner = np.flatnonzero(~is_leaf.astype(bool))
    for child in (left[inner], right[inner]):
        # Children come after their parents, or a walk might never end.
        _demand(bool(((child > inner) & (child < len(left))).all()), "a tree leads nowhere")
    _demand(bool(((feature[inner] >= 0) & (feature[inner] < features)).all()), "a tree asks for pixels that are none")


def _check_forest(estimator: Any) -> None:
    """A forest looks at the rows once, and not again for every tree."""
    for one in estimator.estimators_:
        _demand("tree_" in vars(one) and _features(one) == _features(estimator), "a tree is for other rows")


def _check_boosted(estimator: Any) -> None:
    trees, classes = estimator.estimators_, len(estimator.classes_)
    columns = 1 if classes == 2 else classes
    _demand(isinstance(trees, np.ndarray) and trees.ndim == 2 and trees.shape[1] == columns, "its trees do not add up")
    for one in trees.flat:
        _demand(type(one).__name__ == "DecisionTreeRegressor", "its trees are none")
        _demand(_features(one) == _features(estimator), "a tree is for other rows")
        _demand(one.tree_.max_n_classes == 1, "a tree says too much")
    first = estimator._raw_predict_init(np.zeros((1, _features(estimator)), np.float32))
    _demand(first.shape == (1, columns) and first.dtype == np.float64, "its first answer has another shape")


def _check_histograms(estimator: Any) -> None:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    _demand(estimator._preprocessor is None, "it has categories, and not pixels")
    _demand(not np.any(estimator._bin_mapper.is_categorical_), "it has categories, and not pixels")
    for predictor in (one for step in estimator._predictors for one in step):
        nodes = predictor.nodes
        _demand(nodes.dtype == PREDICTOR_RECORD_DTYPE and nodes.ndim == 1 and len(nodes) > 0, "a tree lacks nodes")
        _demand(not nodes["is_categorical"].any(), "it has categories, and not pixels")
        _check_nodes(nodes["left"], nodes["right"], nodes["feature_idx"], nodes["is_leaf"], _features(estimator))


def _check_neighbors(estimator: Any) -> None:
    from sklearn import neighbors

    rows, labels, held = estimator._fit_X, estimator._y, vars(estimator)
    _check_array(rows, "f", (None, _features(estimator)))
    _check_array(labels, "i", (len(rows),))
    _demand(bool(np.isfinite(rows).all()), "a neighbour is infinitely far")
    _demand(bool(((labels >= 0) & (labels < len(estimator.classes_))).all()), "a neighbour's label is none")
    _demand(held.get("n_samples_fit_") == len(rows) and held.get("outputs_2d_") is False, "its rows do not add up")
    _demand(_is_count(held.get("n_neighbors"), len(rows)), "it asks for more neighbours than it has")
    _demand(held.get("weights") in ("uniform", "distance", None), "its votes are weighed in a way of their own")
    metrics = {held.get("metric"), held.get("effective_metric_")}
    further = {**(held.get("metric_params") or {}), **(held.get("effective_metric_params_") or {})}
    _demand(metrics <= _METRICS and set(further) <= {"p"}, "its distances are none that are known")
    kinds = {"kd_tree": neighbors.KDTree, "ball_tree": neighbors.BallTree}
    kind, search = kinds.get(held.get("_fit_method", "")), held.get(SEARCH_TREE)
    _demand(search is None or type(search) is kind, "its search tree is none")
    if kind is not None and search is None:
        setattr(estimator, SEARCH_TREE, kind(rows, estimator.leaf_size, metric=estimator.effective_metric_, **further))


def _check_support_vectors(estimator: Any) -> None:
    held, classes, vectors = vars(estimator), len(estimator.classes_), len(estimator.support_vectors_)
    pairs = classes * (classes - 1) // 2
    _demand(held.get("kernel") in _KERNELS and held.get("_sparse") is False, "its kernel is none that is known")
    _demand(held.get("shape_fit_", ())[1:] == (_features(estimator),), "it is for other rows")
    _check_array(estimator.support_vectors_, "f", (None, _features(estimator)))
    _check_array(estimator.support_, "i", (vectors,))
    _check_array(estimator._n_support, "i", (classes,))
    _check_array(estimator._dual_coef_, "f", (classes - 1, vectors))
    _check_array(estimator._intercept_, "f", (pairs,))
    counts = estimator._n_support
    _demand(bool((counts >= 0).all()) and int(counts.sum()) == vectors, "its support vectors do not add up")
    sizes = {len(estimator._probA), len(estimator._probB)}
    _demand(sizes == {pairs if held.get("probability") is True else 0}, "its probabilities do not add up")


# By what fitting leaves behind, and the class: a file cannot hide the one and keep the other.
_CHECKS: dict[str, dict[str, Callable[[Any], None]]] = {
    "tree_": dict.fromkeys(("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier"), _check_tree),
    "estimators_": {
        **dict.fromkeys(("RandomForestClassifier", "ExtraTreesClassifier"), _check_forest),
        "GradientBoostingClassifier": _check_boosted,
    },
    "_predictors": {"HistGradientBoostingClassifier": _check_histograms},
    "_fit_X": {"KNeighborsClassifier": _check_neighbors},
    "support_vectors_": dict.fromkeys(("SVC", "NuSVC"), _check_support_vectors),
}


def _features(estimator: Any) -> int:
    features: Any = vars(estimator).get("n_features_in_")
    _demand(_is_count(features), "it does not say for how many pixels it is")
    return int(features)


def _is_count(value: Any, most: int = 1 << 31) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 1 <= int(value) <= most


def _check_array(array: Any, kind: str, shape: tuple[int | None, ...]) -> None:
    sound = isinstance(array, np.ndarray) and array.dtype.kind == kind and array.ndim == len(shape)
    _demand(
        sound and all(wanted in (None, size) for wanted, size in zip(shape, array.shape, strict=True)),
        "an array has another shape",
    )


def _demand(condition: bool, words: str) -> None:
    if not condition:
        raise ValueError(words)
