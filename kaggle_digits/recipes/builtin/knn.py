"""The 4 nearest neighbours in 40 principal components."""

from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline


def build(image_shape: tuple[int, int], classes: int, neighbors: int = 4, components: int = 40) -> Pipeline:
    """Each vote is weighed by the inverse of its distance."""
    return make_pipeline(
        PCA(components, svd_solver="randomized"),
        KNeighborsClassifier(neighbors, weights="distance", algorithm="brute", n_jobs=-1),
    )


search = {"neighbors": (1, 12), "components": (20, 80)}
