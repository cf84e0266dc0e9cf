"""Networks in Keras: what a recipe builds, between raw pixels and probabilities."""

from typing import Any

import numpy as np

from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import distilling, normalization
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Fit, Precision, Recipe, blaming

_TRIED = 4  # images that a network of the user's own is tried on


def build(
    recipe: Recipe,
    image_shape: tuple[int, int],
    classes: int,
    precision: Precision = "float32",
    *,
    compile: bool = False,
) -> Any:
    """A recipe's network with fresh weights, which takes pixels as they are.

    It takes float32 or uint8 `(n, height, width)` from 0 to 255 and scales them itself, so that a saved model cannot
    be fed wrongly. It gives float32 `(n, classes)`, softmax; or `(n, 1)`, the probability of label 1.

    Args:
        recipe: whose `build` makes the network; `image_shape` and `classes` are for that.
        precision: what it computes in; its weights and its answers are float32 all the same.
        compile: whether it will be trained: then it is compiled as the recipe's own is, or else as its fit says.

    Returns:
        A `keras.Model`.

    Raises:
        DigitsError: the user's own `build` failed, or gives no `keras.Model`.
    """
    keras = load_keras()
    before, layers = keras.config.dtype_policy(), keras.layers
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        scaling = [layers.Rescaling(1 / 255), layers.Reshape((*image_shape, 1))]
        first = [keras.Input(image_shape, name="pixels"), *scaling]
        own = recipe.model(image_shape, classes)
        if not isinstance(own, keras.Model):
            raise DigitsError(f"{recipe.name} builds no keras.Model. Received: {type(own).__name__}.")
        with blaming(recipe.file):
            network = _joined(keras, first, own)
    finally:
        keras.config.set_dtype_policy(before)
    if compile:
        normalization.fuse(keras, network)
        how = recipe.fit or Fit()
        if own.compiled:
            optimizer, loss = own.optimizer, own.loss
        else:
            optimizer = keras.optimizers.Adam(how.learning_rate, *how.betas, weight_decay=how.weight_decay or None)
            loss = _loss(keras, how, network.output_shape[-1])
        network.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"], jit_compile=how.jit)
    return network


def _loss(keras: Any, how: Fit, outputs: int) -> Any:
    if outputs == 1:
        return keras.losses.BinaryCrossentropy(label_smoothing=how.label_smoothing)
    if how.teacher is not None:
        return distilling.loss(keras.ops)
    if not how.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed(labels: Any, probabilities: Any) -> Any:
        # Keras smooths one-hot labels only.
        one_hot = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(labels, (-1,)), "int32"), outputs)
        return keras.losses.categorical_crossentropy(one_hot, probabilities, label_smoothing=how.label_smoothing)

    return smoothed


def check(recipe: Recipe, image_shape: tuple[int, int], classes: int) -> tuple[Any, Any]:
    """Tries what a recipe of the user's own builds: the network, None for a scikit-learn estimator; and what it built.

    Raises:
        DigitsError: it is neither, or its answers are no probabilities of so many labels.
    """
    keras, where = load_keras(), recipe.where
    own = recipe.model(image_shape, classes)
    if not isinstance(own, keras.Model):
        if hasattr(own, "fit") and (hasattr(own, "predict_proba") or hasattr(own, "decision_function")):
            return None, own
        raise DigitsError(
            f"{where}: build must return a keras.Model, or a scikit-learn estimator with predict_proba. "
            f"Received: {type(own).__name__}."
        )
    if own.compiled and _name(own.loss) == "categorical_crossentropy":
        raise DigitsError(
            f'{where}: labels are numbers here, not one-hot. Compile with loss="sparse_categorical_crossentropy".'
        )
    network = build(recipe, image_shape, classes)
    with blaming(recipe.file):
        images = np.random.default_rng(0).integers(0, 256, (_TRIED, *image_shape), np.uint8)
        answers = keras.ops.convert_to_numpy(network(images))
    outputs = " x ".join(map(str, answers.shape[1:])) or "none"
    if answers.shape not in ((_TRIED, classes), (_TRIED, 1)) or (answers.shape[1] == 1 and classes != 2):
        raise DigitsError(
            f"{where}: the network gives {outputs} numbers for an image of {classes} labels. End it with "
            'layers.Dense(classes, activation="softmax").'
        )
    total = answers.sum(axis=1) if answers.shape[1] > 1 else np.ones(_TRIED)
    if answers.min() < 0 or answers.max() > 1 or not np.allclose(total, 1, atol=0.01):
        raise DigitsError(
            f"{where}: the network gives numbers that are no probabilities, such as logits "
            f"({answers.min():.2f} to {answers.max():.2f}). End it with "
            'layers.Dense(classes, activation="softmax").'
        )
    return network, own


def _name(loss: Any) -> str:
    """Of a loss, which Keras takes as text, function or object."""
    return str(getattr(loss, "name", getattr(loss, "__name__", loss)))


def _joined(keras: Any, first: list[Any], own: Any) -> Any:
    """The recipe's own network behind the layers that scale its pixels; its last layer computes in float32."""
    if type(own) is keras.Sequential:
        _answer_in_float32(own.layers[-1])
        return keras.Sequential([*first, *own.layers])
    pixels, *scaling = first
    scaled = pixels
    for layer in scaling:
        scaled = layer(scaled)
    if getattr(own, "outputs", None):
        _answer_in_float32(own.outputs[0]._keras_history.operation)
        if own.compiled and type(own).__name__ == "Functional":
            own = keras.Model(own.inputs[0], own.outputs[0])  # its optimizer has no place in the saved file
    answers = own(scaled)
    if keras.backend.standardize_dtype(answers.dtype) != "float32":
        answers = keras.layers.Activation("linear", dtype="float32")(answers)
    return keras.Model(pixels, answers)


def _answer_in_float32(layer: Any) -> None:
    """In 16 bits, probabilities near 1 are all the same, and the loss of a sure network is noise."""
    while getattr(layer, "layers", None):
        layer = layer.layers[-1]  # a network within
    if hasattr(layer, "dtype_policy") and layer.dtype_policy.name == "mixed_bfloat16":
        layer.dtype_policy = "float32"
