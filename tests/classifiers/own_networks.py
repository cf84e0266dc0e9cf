"""Networks as users build them: every form that Keras knows, as a recipe file's text."""

_TOP = '''"""A network of one's own."""

import keras
from keras import layers
from kaggle_digits.recipes import Fit

fit = Fit(epochs=2, batch_size=50, learning_rate=2e-3)
'''

_BRANCHES = """
def build(image_shape, classes, width=8):
    inputs = keras.Input((*image_shape, 1))
    x = layers.Conv2D(width, 5, strides=3, activation="relu")(inputs)
    one = layers.Conv2D(width, 1, activation="relu")(x)
    other = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.Concatenate()([one, other, layers.AveragePooling2D(3, strides=1, padding="same")(x)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
"""

_ADDITIONS = """
def build(image_shape, classes, width=8):
    inputs = keras.Input((*image_shape, 1))
    x = layers.Conv2D(width, 3, strides=2, padding="same")(inputs)
    for _ in range(2):
        y = layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same")(x))
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Dropout(0.1)(layers.GlobalMaxPooling2D()(x))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(classes)(x)))
"""

_SUBCLASSED = """
class Block(layers.Layer):
    def __init__(self, width, **further):
        super().__init__(**further)
        self.width = width
        self.dense = layers.Dense(width, activation="relu")

    def build(self, shape):
        self.dense.build(shape)
        self.scale = self.add_weight(shape=(self.width,), initializer="ones", name="scale")

    def call(self, x):
        return self.dense(x) * self.scale

    def get_config(self):
        return {**super().get_config(), "width": self.width}


class Mine(keras.Model):
    def __init__(self, classes, width):
        super().__init__()
        self.flatten = layers.Flatten()
        self.block = Block(width)
        self.out = layers.Dense(classes, activation="softmax")

    def call(self, x, training=False):
        return self.out(self.block(self.flatten(x)))


def build(image_shape, classes, width=16):
    return Mine(classes, width)
"""

_OWN_LAYER = """
class Squared(layers.Layer):
    def call(self, x):
        return keras.ops.square(x)


def build(image_shape, classes, width=16):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(width), Squared(),
        layers.Dense(classes, activation="softmax"),
    ])
"""

_NESTED = """
def build(image_shape, classes, width=8):
    eye = keras.Sequential([
        layers.Conv2D(width, 3, strides=2, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
    ], name="eye")
    inputs = keras.Input((*image_shape, 1))
    head = keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(classes, activation="softmax")])
    return keras.Model(inputs, head(eye(inputs)))
"""

_NESTED_SEQUENTIAL = """
def build(image_shape, classes, width=8):
    eye = keras.Sequential([layers.Conv2D(width, 3, strides=2, activation="relu"), layers.Flatten()])
    return keras.Sequential([keras.Input((*image_shape, 1)), eye, layers.Dense(classes, activation="softmax")])
"""

_DEFERRED = """
def build(image_shape, classes, width=16):
    return keras.Sequential([
        layers.Flatten(), layers.Dense(width, activation="relu"), layers.Dense(classes, activation="softmax"),
    ])
"""

_COMPILED = """
def build(image_shape, classes, width=16):
    model = keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(width, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss="sparse_categorical_crossentropy")
    return model
"""

_COMPILED_FUNCTIONAL = """
def build(image_shape, classes, width=16):
    inputs = keras.Input((*image_shape, 1))
    x = layers.Dense(width, activation="relu", kernel_regularizer="l2")(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.5)
    model.compile(keras.optimizers.RMSprop(rate), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["mae"])
    return model
"""

_SIGMOID = """
labels = 2


def build(image_shape, classes):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid"),
    ])
"""

KERAS_ALONE = {
    "branches": _TOP + _BRANCHES,
    "additions": _TOP + _ADDITIONS,
    "nested": _TOP + _NESTED,
    "nested sequential": _TOP + _NESTED_SEQUENTIAL,
    "deferred": _TOP + _DEFERRED,
    "compiled": _TOP + _COMPILED,
    "compiled functional": _TOP + _COMPILED_FUNCTIONAL,
    "one sigmoid": _TOP + _SIGMOID,
}
"""Made of Keras's own layers, so that model.keras can be opened without running anybody's code."""

OWN_CODE = {"subclassed": _TOP + _SUBCLASSED, "own layer": _TOP + _OWN_LAYER}
"""With code of their own, so that only model.tflite answers."""

EVERY = {**KERAS_ALONE, **OWN_CODE}
