"""A Gaussian-kernel SVM on 50 principal components."""

from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC


def build(
    image_shape: tuple[int, int],
    classes: int,
    penalty: float = 5.0,
    gamma: float = 0.03,
    components: int = 50,
) -> Pipeline:
    return make_pipeline(PCA(components, svd_solver="randomized"), SVC(C=penalty, gamma=gamma, cache_size=1000))


search = {"penalty": (0.5, 50.0), "gamma": (0.005, 0.1), "components": (30, 90)}
