"""Of every layer and operation that a page knows, networks that use it; and some that it does not know."""

import numpy as np

from kaggle_digits.backend import load_keras
from kaggle_digits.export import graph

keras = load_keras()
layers, ops = keras.layers, keras.ops


def twice(x):
    """A layer with weights, called at two places."""
    shared = layers.Conv2D(3, 3, padding="same", activation="relu")
    return shared(shared(x))


def block(x):
    """A network within a network, with a branch, used twice."""
    start = keras.Input(x.shape[1:])
    inner = keras.Model(start, layers.Add()([layers.Conv2D(3, 1)(start), start]))
    return inner(inner(x))


class OwnModel(keras.Model):
    """A subclassed network."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, activation="relu")

    def call(self, x, training=False):
        return ops.tanh(self.dense(x, training=training)) + x


class OwnLayer(layers.Layer):
    """A layer of a user's own, with a weight of its own."""

    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return ops.relu(x * self.factor)


def convolutions():
    yield from (layers.Conv2D(4, 3), layers.Conv2D(4, 1), layers.Conv2D(4, (2, 3), use_bias=False))
    yield from (layers.Conv2D(4, 3, strides=2, padding="same"), layers.Conv2D(4, 2, strides=(1, 2), padding="same"))
    yield from (layers.Conv2D(4, 2, dilation_rate=2, padding="same"), layers.Conv2D(6, 3, groups=3, activation="relu"))


def both_paddings(kind, *arguments, **options):
    return [kind(*arguments, padding=padding, **options) for padding in ("valid", "same")]


def pools(kind):
    return [kind(2), kind(3, strides=1, padding="same"), kind((2, 3), strides=(1, 2)), kind(3, padding="same")]


def normalized():
    layer = layers.Normalization()
    layer.adapt(np.random.default_rng(1).normal(1, 2, (20, 3)))
    return layer


def of_two(kind):
    """A layer that merges, with equal shapes, and with sides of 1."""
    return [lambda x: kind()([x, layers.Conv2D(3, 1)(x)]), lambda x: kind()([x, narrow(x)])]


def narrow(x):
    return layers.GlobalAveragePooling2D(keepdims=True)(x)


# Of each layer, one or several, or functions of a symbol (4, 6, 3), with numbers from -1 to 3.
LAYERS = {
    "InputLayer": lambda x: x,
    "Identity": layers.Identity(),
    "ActivityRegularization": layers.ActivityRegularization(0.1),
    "GaussianNoise": layers.GaussianNoise(0.3),
    "Dropout": layers.Dropout(0.5),
    "SpatialDropout1D": lambda x: layers.SpatialDropout1D(0.5)(layers.Reshape((24, 3))(x)),
    "SpatialDropout2D": layers.SpatialDropout2D(0.5),
    "AlphaDropout": layers.AlphaDropout(0.5),
    "GaussianDropout": layers.GaussianDropout(0.5),
    "RandomFlip": layers.RandomFlip(),
    "RandomRotation": layers.RandomRotation(0.2),
    "RandomTranslation": layers.RandomTranslation(0.2, 0.2),
    "RandomZoom": layers.RandomZoom(0.2),
    "RandomShear": layers.RandomShear(0.2, 0.2),
    "RandomBrightness": layers.RandomBrightness(0.2),
    "RandomContrast": layers.RandomContrast(0.2),
    "RandomErasing": layers.RandomErasing(),
    "RandomElasticTransform": layers.RandomElasticTransform(),
    "RandomPerspective": layers.RandomPerspective(),
    "RandomGaussianBlur": layers.RandomGaussianBlur(),
    "Dense": [layers.Dense(4, activation="relu"), lambda x: layers.Dense(5)(layers.Flatten()(x))],
    "Conv2D": list(convolutions()),
    "DepthwiseConv2D": both_paddings(layers.DepthwiseConv2D, 3, depth_multiplier=2, strides=2, activation="relu"),
    "SeparableConv2D": both_paddings(layers.SeparableConv2D, 5, 3, depth_multiplier=2, activation="relu"),
    "MaxPooling2D": pools(layers.MaxPooling2D),
    "AveragePooling2D": pools(layers.AveragePooling2D),
    "GlobalMaxPooling2D": [layers.GlobalMaxPooling2D(), layers.GlobalMaxPooling2D(keepdims=True)],
    "GlobalAveragePooling2D": [layers.GlobalAveragePooling2D(), layers.GlobalAveragePooling2D(keepdims=True)],
    "GlobalMaxPooling1D": lambda x: layers.GlobalMaxPooling1D()(layers.Reshape((24, 3))(x)),
    "GlobalAveragePooling1D": lambda x: layers.GlobalAveragePooling1D()(layers.Reshape((24, 3))(x)),
    "Reshape": [layers.Reshape((2, 2, 3, 6)), layers.Reshape((-1, 3))],
    "Flatten": layers.Flatten(),
    "Permute": layers.Permute((3, 1, 2)),
    "ZeroPadding2D": layers.ZeroPadding2D(((1, 2), (0, 3))),
    "Cropping2D": layers.Cropping2D(((1, 0), (2, 1))),
    "Resizing": [layers.Resizing(7, 3), layers.Resizing(3, 9), layers.Resizing(7, 5, interpolation="nearest")],
    "UpSampling2D": [layers.UpSampling2D((2, 3)), layers.UpSampling2D(2, interpolation="bilinear")],
    "Rescaling": [layers.Rescaling(1 / 9, -0.5), layers.Rescaling([1, 2, 3], [3, 2, 1])],
    "Normalization": [normalized(), layers.Normalization(mean=1.5, variance=0.3)],
    "BatchNormalization": [layers.BatchNormalization(), layers.BatchNormalization(center=False, scale=False)],
    "LayerNormalization": [layers.LayerNormalization(), layers.LayerNormalization(center=False, scale=False)],
    "GroupNormalization": [layers.GroupNormalization(3), layers.GroupNormalization(1), layers.GroupNormalization(-1)],
    "Add": of_two(layers.Add),
    "Subtract": of_two(layers.Subtract),
    "Multiply": of_two(layers.Multiply),
    "Average": of_two(layers.Average),
    "Maximum": of_two(layers.Maximum),
    "Minimum": of_two(layers.Minimum),
    "Concatenate": [
        lambda x: layers.Concatenate()([x, layers.Conv2D(2, 1)(x)]),
        lambda x: layers.Concatenate(1)([x, x]),
    ],
    "Activation": [layers.Activation(name) for name in ("linear", *graph.OPTIONS)],
    "ReLU": layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5),
    "LeakyReLU": layers.LeakyReLU(0.3),
    "ELU": layers.ELU(0.7),
    "Softmax": layers.Softmax(),
    "PReLU": [layers.PReLU(shared_axes=[1, 2]), layers.PReLU()],
}
OPERATIONS = {
    "Add": [lambda x: x + narrow(x), lambda x: x + 1.5, lambda x: 2 + x],
    "Subtract": [lambda x: x - narrow(x), lambda x: 2 - x],
    "Multiply": [lambda x: x * narrow(x), lambda x: ops.multiply(x, np.array([[[[1, 2, 3]]]]))],
    "Divide": lambda x: ops.divide(x, 255),
    "TrueDivide": lambda x: x / (narrow(x) + 3),
    "Maximum": lambda x: ops.maximum(x, narrow(x)),
    "Minimum": lambda x: ops.minimum(x, 1),
    "Relu": ops.relu,
    "Relu6": ops.relu6,
    "LeakyRelu": lambda x: ops.leaky_relu(x, 0.3),
    "Elu": lambda x: ops.elu(x, 0.7),
    "Gelu": [ops.gelu, lambda x: ops.gelu(x, approximate=False)],
    "Silu": ops.silu,
    "Sigmoid": ops.sigmoid,
    "HardSigmoid": ops.hard_sigmoid,
    "HardSilu": ops.hard_silu,
    "Tanh": ops.tanh,
    "Softplus": ops.softplus,
    "Exp": ops.exp,
    "Softmax": ops.softmax,
    "Mean": [lambda x: ops.mean(x, (1, 2)), lambda x: ops.mean(x, -1, keepdims=True)],
    "Max": lambda x: ops.max(x, axis=2),
    "Sum": lambda x: ops.sum(x, axis=(1, 3)),
    "Concatenate": lambda x: ops.concatenate([x, narrow(x) + x], axis=-2),
    "Reshape": lambda x: ops.reshape(x, (-1, 8, 9)),
    "ExpandDims": lambda x: ops.expand_dims(x, 1),
    "Squeeze": lambda x: ops.squeeze(narrow(x), (1, 2)),
    "GetItem": lambda x: x[..., None],
    "Cast": lambda x: ops.cast(x, "float32"),
    "ConvertToTensor": ops.convert_to_tensor,
}
GRAPHS = {
    "shared": twice,
    "nested": block,
    "line within a network": keras.Sequential([layers.Conv2D(3, 2), layers.BatchNormalization(), layers.ReLU()]),
    "subclassed": lambda x: OwnModel()(x, training=False),
    "own layer": lambda x: OwnLayer()(x),
    "layer as activation": layers.Conv2D(3, 2, activation=layers.LeakyReLU(0.2)),
    "the same twice": lambda x: layers.Add()([x, x]),
    "dead end": lambda x: layers.Dropout(0.1)(x) if layers.Dense(2)(x) is not None else x,
}


class Unfollowed(layers.Layer):
    """Leaves Keras's symbols."""

    def call(self, x):
        return np.asarray(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape)


UNKNOWN = {
    "ConvLSTM1D long": layers.ConvLSTM1D(2, 2, name="long"),
    "UpSampling2D up with the interpolation bicubic": layers.UpSampling2D(interpolation="bicubic", name="up"),
    "Conv2D c with the activation <lambda>, which is not Keras's": layers.Conv2D(
        1, 1, activation=lambda x: x, name="c"
    ),
    "Activation a with the activation glu": layers.Activation("glu", name="a"),
    "BatchNormalization b along the axis 1": layers.BatchNormalization(axis=1, name="b"),
    "Softmax s along the axis 1": layers.Softmax(axis=1, name="s"),
    "keras.ops Sort": lambda x: ops.sort(x),
    "keras.ops GetItem that picks some of the numbers": lambda x: x[..., 1:],
    "keras.ops Mean over a whole batch": lambda x: x + ops.mean(x, 0, keepdims=True),
    "Unfollowed own whose `call` cannot be followed": Unfollowed(name="own"),
}
