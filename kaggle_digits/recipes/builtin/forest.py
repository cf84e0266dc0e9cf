"""200 extremely randomised trees."""

from sklearn.ensemble import ExtraTreesClassifier


def build(image_shape: tuple[int, int], classes: int, trees: int = 200, leaf: int = 1) -> ExtraTreesClassifier:
    """P. Geurts et al., Extremely Randomized Trees, 2006: their votes are averaged."""
    return ExtraTreesClassifier(trees, min_samples_leaf=leaf, n_jobs=-1)


search = {"trees": (50, 400), "leaf": (1, 8)}
