"""The activations that the page knows: Keras's, by their names there."""

from typing import Any

from kaggle_digits.export.graph.steps import Steps, UnknownError, Value

OPTIONS: dict[str, dict[str, Any]] = {
    "relu": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": False},
    **{name: {} for name in ("relu6", "selu", "silu", "sigmoid", "hard_sigmoid", "hard_silu", "tanh")},
    **{name: {} for name in ("softplus", "softsign", "exponential", "mish", "softmax")},
}
"""What each takes, with Keras's own values for `activation="relu"` and the like."""


def activated(steps: Steps, value: Value, name: str, **options: Any) -> Value:
    """The value after an activation; options left out have Keras's values. Raises UnknownError without it."""
    if name == "linear":
        return value
    if name not in OPTIONS:
        raise UnknownError(f"with the activation {name}")
    return steps.add("activation", [value], value.shape, name=name, **{**OPTIONS[name], **options})
