"""The kinds of models there are, each with the numbers that shape it. Nothing heavy is imported here."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Dense:
    """Fully connected layers on the pixels.

    Attributes:
        hidden: units of each hidden layer.
        activation: of the hidden layers.
        batch_normalization: whether each hidden layer is followed by batch normalisation.
        dropout: share of each hidden layer's outputs that dropout silences, from 0 to 1.
        input_dropout: the same for the pixels.
        side: images of another size are first resized, inside the network, to this many pixels a side.
        output: `softmax` over all labels, or one `sigmoid` unit that tells label 1 from label 0.
    """

    hidden: tuple[int, ...]
    activation: Literal["relu", "sigmoid"] = "relu"
    batch_normalization: bool = False
    dropout: float = 0.0
    input_dropout: float = 0.0
    side: int | None = None
    output: Literal["softmax", "sigmoid"] = "softmax"


@dataclass(frozen=True)
class Convolutional:
    """Blocks of ReLU convolutions with 2 x 2 max pooling between them, perhaps a dense layer, then softmax.

    Attributes:
        blocks: for each block, the filters of its convolutions.
        dense: units of the dense layer; None is no such layer.
        block_dropout: share of a block's outputs that dropout silences, from 0 to 1.
        dense_dropout: the same for what the output layer sees.
        batch_normalization: whether each layer is followed by batch normalisation, which Keras computes slowly on a
            CPU: without it, an epoch takes half as long.
        fold: whether 2 x 2 pixels first become 4 channels of one place, so that the first block has a quarter of the
            places to look at.
        kernel: side of the filters, in places; the first convolution's may differ.
        first_kernel: side of the first convolution's filters; None is the same.
        padding: `same` looks beyond the edge, where there is nothing, so that no place is lost; `valid` does not, so
            that a 3 x 3 convolution leaves two rows and two columns fewer.
        ending: what follows the last block: `pool`, 2 x 2 max pooling as after the others; `maximum`, only each
            filter's largest output anywhere; `nothing`.
    """

    blocks: tuple[tuple[int, ...], ...]
    dense: int | None
    block_dropout: float = 0.0
    dense_dropout: float = 0.0
    batch_normalization: bool = True
    fold: bool = False
    kernel: int = 3
    first_kernel: int | None = None
    padding: Literal["same", "valid"] = "same"
    ending: Literal["pool", "maximum", "nothing"] = "pool"


@dataclass(frozen=True)
class Neighbors:
    """k nearest neighbours, each vote weighed by the inverse of its distance.

    Attributes:
        neighbors: how many vote.
        components: principal components of the pixels in which distances are taken.
    """

    neighbors: int
    components: int


@dataclass(frozen=True)
class SupportVectors:
    """A support vector machine with a Gaussian kernel.

    Attributes:
        penalty: C, the price of a training row on the wrong side.
        gamma: how fast the kernel falls, on principal components of pixels from 0 to 1.
        components: how many of them.
    """

    penalty: float
    gamma: float
    components: int


@dataclass(frozen=True)
class Forest:
    """Extremely randomised trees (P. Geurts et al., 2006), whose votes are averaged.

    Attributes:
        trees: how many.
        leaf: the fewest training rows in a leaf.
    """

    trees: int
    leaf: int


@dataclass(frozen=True)
class Logistic:
    """Multinomial logistic regression on the pixels.

    Attributes:
        penalty: C, the inverse of the strength of the squared penalty, on pixels from 0 to 1.
        iterations: L-BFGS steps at most.
    """

    penalty: float
    iterations: int


Network = Dense | Convolutional
Classic = Neighbors | SupportVectors | Forest | Logistic
"""What Keras builds and fits in epochs, and what scikit-learn fits in one go."""
