"""Multinomial logistic regression on the pixels."""

from sklearn.linear_model import LogisticRegression


def build(
    image_shape: tuple[int, int], classes: int, penalty: float = 0.1, iterations: int = 300
) -> LogisticRegression:
    """The penalty is C, the inverse of its strength; L-BFGS takes so many steps at most."""
    return LogisticRegression(C=penalty, max_iter=iterations)


search = {"penalty": (0.005, 5.0)}
