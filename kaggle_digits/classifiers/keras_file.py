"""A .keras file, opened with suspicion before Keras sees it: only Keras's own layers that hold no code are let through.

Keras's safe mode refuses code; but a configuration may also name other classes and functions of Keras or of any other
module, some of which read files or unpickle, and each of those found so far was a vulnerability (CVE-2025-1550,
CVE-2025-8747, CVE-2025-9906, CVE-2025-12058). None of them is on this list.
"""

import contextlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaggle_digits.files import storage

_NAMES = {"metadata.json", "config.json", "model.weights.h5"}
_MOST_BYTES = 1 << 28  # unpacked; the largest recipe's weights take 6 million
_MOST_CONFIG_BYTES = 1 << 20
_MOST_UNITS = 1 << 14

# Keras's own layers that hold numbers and nothing else: none runs a function by its name, reads a file or a table.
_LAYERS = """
Activation Add Average AveragePooling2D BatchNormalization CenterCrop Concatenate Conv1D Conv2D Conv2DTranspose
Cropping2D Dense DepthwiseConv2D Dot Dropout ELU Flatten GaussianDropout GaussianNoise GlobalAveragePooling2D
GlobalMaxPooling2D GroupNormalization Identity InputLayer LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum
MultiHeadAttention Multiply PReLU Permute ReLU RepeatVector Rescaling Reshape Resizing SeparableConv2D Softmax
SpatialDropout2D Subtract UnitNormalization UpSampling2D ZeroPadding2D
"""
_INITIALIZERS = """
Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal RandomNormal
RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_PLACE = "__keras_tensor__"  # where a layer's input comes from, in a network with branches: a shape and no numbers
_FUNCTIONAL = "keras.src.models.functional"
_TRUSTED = {
    "keras": {"Sequential", "Functional", "DTypePolicy"},
    _FUNCTIONAL: {"Functional"},
    "keras.layers": set(_LAYERS.split()),
    "keras.initializers": set(_INITIALIZERS.split()),
    "keras.regularizers": {"L1", "L2", "L1L2"},
    "keras.constraints": {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"},
    "builtins": {_PLACE, "__tensor__"},
}
_IDENTITY = "shared_object_id"  # where an object was in memory: a large number
_TELLING = {"class_name", "module", "registered_name"}


def check_archive(path: Path) -> None:
    """Makes sure that a file is a zip of the three parts of a Keras model, undamaged and of a reasonable size.

    Raises:
        OSError: it cannot be read.
        ValueError: it is anything else.
    """
    storage.check_regular(path, _MOST_BYTES)
    with _opened(path) as archive:
        members = {member.filename: member.file_size for member in archive.infolist()}
        if set(members) != _NAMES or len(archive.infolist()) != len(_NAMES):
            raise ValueError("it does not hold the three files of a network")
        if sum(members.values()) > _MOST_BYTES or members["config.json"] > _MOST_CONFIG_BYTES:
            raise ValueError("it is too large")
        if archive.testzip() is not None:
            raise ValueError("it is damaged")


def check_layers(path: Path) -> None:
    """Makes sure that a model which passed `check_archive` is made of Keras's own layers that hold no code.

    Raises:
        OSError: it cannot be read.
        ValueError: it asks for anything else.
    """
    with _opened(path) as archive:
        check_config(json.loads(archive.read("config.json")))


def numbers(path: Path) -> int:
    """How many numbers the weights of a model that passed `check_archive` are, which all lie in the file as they are.

    Raises:
        OSError: it cannot be read.
        ValueError: they lie elsewhere, are packed, or are more than the file holds.
    """
    import h5py

    with _opened(path) as archive:
        content = archive.read("model.weights.h5")
    found = []

    def look(_name: str, part: Any) -> None:
        if isinstance(part, h5py.Group):
            if not all(isinstance(part.get(name, getlink=True), h5py.HardLink) for name in part):
                raise ValueError("its weights lie elsewhere")
        elif part.is_virtual or part.external or part.id.get_storage_size() < part.nbytes:
            raise ValueError("its weights lie elsewhere, or are packed")
        else:
            found.append(part)

    with h5py.File(io.BytesIO(content), "r") as file:
        look("", file)
        file.visititems(look)
        if sum(part.nbytes for part in found) > len(content):
            raise ValueError("its weights are more than it holds")
        return sum(part.size for part in found)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def check_config(value: Any) -> None:
    """Makes sure that every object that config.json, or a part of it, asks for is on the list and of reasonable size.

    Raises:
        ValueError: it asks for anything else.
    """
    if isinstance(value, list | tuple):
        for one in value:
            check_config(one)
    elif isinstance(value, dict):
        if value.keys() & _TELLING and not _is_trusted(value):
            raise ValueError(f"it asks for {value.get('module')}.{value.get('class_name')}"[:100])
        for name, one in value.items():
            if name != _IDENTITY:
                check_config(one)
    elif isinstance(value, int) and value > _MOST_UNITS:
        raise ValueError(f"it asks for {value:,} units")


def _is_trusted(asked: dict[str, Any]) -> bool:
    module, name = asked.get("module"), asked.get("class_name")
    if module is None and name == _PLACE:
        return True
    if not isinstance(module, str) or not isinstance(name, str):
        return False
    # Keras registers a network within a network by its own name; whatever a user registers has a `>` in its name.
    registered = asked.get("registered_name") in (None, "Functional" if module == _FUNCTIONAL else None)
    return registered and name in _TRUSTED.get(module, ())
