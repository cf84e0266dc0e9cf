"""Model files changed at random, as somebody might who means no good, and asked in a process of their own."""

import contextlib
import copy
import io
import json
import os
import resource
import signal
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_EVIL = (-1, -2, 0, 1, 2, 3, 7, 255, 10**4, 10**6, 2**31 - 1, -(2**31), 2**31, 2**62, -(2**62))
_WORDS = (
    "-1",
    "0",
    "1",
    "2",
    "3",
    "1000",
    "100000000",
    "1e300",
    "-0.5",
    "null",
    "true",
    "false",
    '"x"',
    '"kd_tree"',
    "[]",
)
_SECONDS = 20  # a child may take
_MEMORY = 4 << 30  # bytes more than the parent has


def rewritten(
    content: bytes, member: str, change: Callable[[Any], None], more: dict[str, bytes] | None = None
) -> bytes:
    """An archive with another JSON document in one member, and perhaps further members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == member:
                document = json.loads(part)
                change(document)
                part = json.dumps(document).encode()
            new.writestr(name, part)
        for name, part in (more or {}).items():
            new.writestr(name, part)
    return buffer.getvalue()


def skops(content: bytes, rng: Generator) -> bytes:
    """A .skops file of which one to three arrays, or parts of the schema, are others."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    arrays = [name for name in members if name.endswith(".npy")]
    for _ in range(rng.integers(1, 4)):
        if arrays and rng.random() < 0.6:
            name = str(rng.choice(arrays))
            members[name] = _saved(_array(np.load(io.BytesIO(members[name])), rng))
        else:
            document = json.loads(members["schema.json"])
            _schema(document, rng)
            members["schema.json"] = json.dumps(document).encode()
    return _zipped(members)


def keras(content: bytes, rng: Generator) -> bytes:
    """A .keras file with other bytes among its weights, or other numbers in its configuration."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if rng.random() < 0.7:
        members["model.weights.h5"] = flipped(members["model.weights.h5"], rng, head=0.7)
    else:
        document = json.loads(members["config.json"])
        _value(document, rng)
        members["config.json"] = json.dumps(document).encode()
    return _zipped(members)


def flipped(content: bytes, rng: Generator, head: float = 0.5) -> bytes:
    """A file with other bytes, or words of four, in one to four places; `head` is the share of those near its ends."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        end = min(len(changed), 6000) if rng.random() < head else len(changed)
        place = int(rng.integers(0, max(1, end - 4)))
        if rng.random() < head / 2:
            place = len(changed) - 4 - place
        if rng.random() < 0.5:
            changed[place] = int(rng.integers(0, 256))
        else:
            struct.pack_into("<I", changed, max(0, place - place % 4), int(rng.choice(_EVIL)) & 0xFFFFFFFF)
    return bytes(changed)


def tflite(content: bytes, rng: Generator) -> bytes:
    """A .tflite file with other bytes, or, undamaged, with other numbers in its tables."""
    if rng.random() < 0.4:
        return flipped(content, rng, head=0.9)
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(rng.integers(1, 4)):
        with contextlib.suppress(ValueError, TypeError, IndexError, AttributeError, OverflowError):
            _table(model, rng)
    builder = flatbuffers.Builder(len(content))
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except (struct.error, TypeError, ValueError, AttributeError, OverflowError):  # a number that has no place there
        return tflite(content, rng)
    return bytes(builder.Output())


def _table(model: Any, rng: Generator) -> None:
    graph = model.subgraphs[0]
    step, tensor = graph.operators[rng.integers(len(graph.operators))], graph.tensors[rng.integers(len(graph.tensors))]
    evil, near = int(rng.choice(_EVIL)), int(rng.integers(-1, len(graph.tensors) + 1))
    buffer = model.buffers[rng.integers(len(model.buffers))]
    which = rng.integers(12)
    if which == 0:
        tensor.shape = _array(np.asarray(tensor.shape), rng)
    elif which == 1:
        tensor.type = int(rng.integers(0, 20))
    elif which == 2:
        tensor.buffer = int(rng.integers(0, len(model.buffers) + 2))
    elif which == 3:
        step.inputs = list(step.inputs)
        step.inputs[rng.integers(len(step.inputs))] = near
    elif which == 4:
        step.outputs = [near]
    elif which == 5:
        code = model.operatorCodes[rng.integers(len(model.operatorCodes))]
        code.builtinCode = int(rng.integers(0, 160))
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    elif which == 6:
        step.opcodeIndex = int(rng.integers(0, len(model.operatorCodes) + 1))
    elif which == 7 and step.builtinOptions is not None:
        name = rng.choice(sorted(vars(step.builtinOptions)))
        setattr(step.builtinOptions, name, evil)
    elif which == 8:
        buffer.data = None if buffer.data is None else buffer.data[: int(rng.integers(0, len(buffer.data)))]
    elif which == 9:
        small = [one for one in model.buffers if one.data is not None and len(one.data) <= 64]
        numbers = np.frombuffer(bytes(small[rng.integers(len(small))].data), "<i4").copy()
        numbers[rng.integers(len(numbers))] = np.clip(evil, -(2**31), 2**31 - 1)
        small[rng.integers(len(small))].data = np.frombuffer(numbers.tobytes(), np.uint8)
    elif which == 10:
        graph.operators[:] = [graph.operators[place] for place in rng.permutation(len(graph.operators))]
    else:
        graph.inputs, graph.outputs = [near], [int(rng.integers(0, len(graph.tensors)))]


def _schema(document: Any, rng: Generator) -> None:
    nodes = list(_nodes(document))
    node = nodes[rng.integers(len(nodes))]
    texts = [one for one in nodes if one.get("__loader__") == "JsonNode"]
    files = [one for one in nodes if "file" in one]
    which = rng.integers(6)
    if which <= 2 and texts:
        texts[rng.integers(len(texts))]["content"] = str(rng.choice(_WORDS))
    elif which == 3 and files:
        files[rng.integers(len(files))]["file"] = files[rng.integers(len(files))]["file"]
    elif which == 4 and isinstance(node.get("content"), dict) and node["content"]:
        node["content"].pop(str(rng.choice(sorted(node["content"]))))
    else:
        other = nodes[rng.integers(len(nodes))]
        node["__id__"] = other.get("__id__", 1)
        if rng.random() < 0.5:
            other = copy.deepcopy(other)
            node.clear()
            node.update(other if "__loader__" in other else {"__loader__": "DictNode"})


def _nodes(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(one)


def _value(document: Any, rng: Generator) -> None:
    """Changes one number somewhere in a document."""
    places = [
        (one, key) for one in _nodes(document) for key, value in one.items() if isinstance(value, int | float | list)
    ]
    one, key = places[rng.integers(len(places))]
    one[key] = [int(rng.choice(_EVIL))] * 2 if isinstance(one[key], list) else int(rng.choice(_EVIL))


def _array(array: NDArray[Any], rng: Generator) -> NDArray[Any]:
    which = rng.integers(10)
    if which <= 5 and array.size:
        array = array.copy()
        view = array.reshape(-1)
        if array.dtype.names:
            view = view[str(rng.choice(array.dtype.names))]
        places = rng.integers(len(view), size=rng.integers(1, 4)) if which < 5 else slice(None)
        with np.errstate(all="ignore"):
            if view.dtype.kind == "f":
                view[places] = rng.choice([np.nan, np.inf, -np.inf, 0, -1, 1e300, 1e-300])
            else:
                view[places] = np.array(int(rng.choice(_EVIL)), "i8").astype(view.dtype)
        return array
    if which == 6:
        return array[: len(array) // 2] if array.ndim else array.reshape(1)
    if which == 7:
        return np.concatenate([array, array]) if array.ndim else np.zeros(0, array.dtype)
    if which == 8:
        return np.asfortranarray(array.T) if array.ndim > 1 else array.reshape(-1, 1)
    kinds = ("f4", "f8", "i4", "i8", "u1", "bool")
    return array.astype(str(rng.choice(kinds))) if array.dtype.names is None else array[:0]


def _saved(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def outcome(ask: Callable[[], None], refusals: type[BaseException]) -> str:
    """What comes of a question that is asked in a fork of this process: its kind of end, in a word or two.

    Args:
        ask: loads a model and asks it.
        refusals: what it may raise.
    """
    child = os.fork()
    if child == 0:
        end = 3
        try:
            with contextlib.suppress(OSError, ValueError):
                size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (size + _MEMORY, size + _MEMORY))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(_SECONDS)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 2) if "CRAFTING" not in os.environ else None
            ask()
            end = 0
        except refusals:
            end = 1
        except BaseException as error:
            print("another error:", repr(error)[:300], flush=True)
            end = 2
        finally:
            sys.stdout.flush()
            os._exit(end)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timed out" if os.WTERMSIG(status) == signal.SIGALRM else "crashed"
    return ("answered", "refused", "another error", "crashed")[os.WEXITSTATUS(status)]
