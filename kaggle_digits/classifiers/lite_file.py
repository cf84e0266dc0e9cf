"""A .tflite file, read with suspicion before the runtime sees it: written anew, from tables that were looked at.

The runtime believes a file's offsets, and much of what its operations say of themselves; a crafted one reads, or
writes, somebody else's memory. So the runtime gets a file of ours that says the same, if the network is made of plain
operations on floats, each reading what was there before it. What asks for more is answered in a process of its own.
"""

import struct
from typing import Any

import numpy as np

# Operations that Keras's own layers become, by how many inputs they have: none follows an index that the data gives,
# none holds a state, a string or another graph.
_OPERATIONS = {
    1: """
    ABS AVERAGE_POOL_2D CAST DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOGISTIC
    LOG_SOFTMAX MAX_POOL_2D NEG RELU RELU6 RELU_N1_TO_1 RSQRT SHAPE SOFTMAX SQRT SQUARE SQUEEZE TANH
    """,
    2: """
    ADD BATCH_MATMUL BROADCAST_TO DIV EXPAND_DIMS FILL MAXIMUM MEAN MINIMUM MIRROR_PAD MUL PAD POW PRELU REDUCE_MAX
    REDUCE_MIN REDUCE_PROD RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SQUARED_DIFFERENCE SUB SUM TILE TRANSPOSE
    """,
    3: "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED PADV2 SLICE TRANSPOSE_CONV",
    4: "STRIDED_SLICE",
}
_OF_ANY = "CONCATENATION PACK"
_WITHOUT_BIAS = "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED"
_MOST_PARTS = 4096  # tensors, buffers, operations; the largest recipe has 150
_MOST_INPUTS, _MOST_SIDES = 64, 6
_MOST_NUMBERS = 1 << 26  # of a tensor that is known beforehand
_LARGEST = 1 << 14  # of a stride, a side, a number of pieces
_NO_INPUT = -1


class UnusualError(ValueError):
    """A file may be sound, but asks for more than plain operations on floats."""


def rewritten(content: bytes) -> bytes:
    """The same network, in a file whose every offset and table is sound.

    Args:
        content: of a .tflite file.

    Raises:
        UnusualError: it asks for anything but plain operations on floats.
        ValueError: it is damaged.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != b"TFL3":
        raise ValueError("it is no .tflite file")
    try:
        whole = _Reader(schema, schema.Model.GetRootAs(content)).model()
        builder = flatbuffers.Builder(len(content) + 1024)
        builder.Finish(whole.Pack(builder), b"TFL3")
    except (struct.error, TypeError, IndexError, AttributeError, OverflowError, AssertionError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    return bytes(builder.Output())


class _Reader:
    """What the generated classes of a schema read from a file, part by part, and no more than was asked for."""

    def __init__(self, schema: Any, file: Any) -> None:
        self.schema, self.file = schema, file
        codes = vars(schema.BuiltinOperator)
        self.inputs = {codes[name]: count for count, names in _OPERATIONS.items() for name in names.split()}
        self.of_any = {codes[name] for name in _OF_ANY.split()}
        self.without_bias = {codes[name] for name in _WITHOUT_BIAS.split()}
        kinds = schema.TensorType
        self.widths = {kinds.FLOAT16: 2, kinds.FLOAT32: 4, kinds.INT32: 4, kinds.INT64: 8, kinds.BOOL: 1}

    def model(self) -> Any:
        file, schema = self.file, self.schema
        _usual(file.SubgraphsLength() == 1, "it holds several graphs")
        graph = file.Subgraphs(0)
        for length in (
            file.BuffersLength(),
            file.OperatorCodesLength(),
            graph.TensorsLength(),
            graph.OperatorsLength(),
        ):
            _demand(length <= _MOST_PARTS, "it has too many parts")
        whole = schema.ModelT(version=file.Version())
        _demand(whole.version == 3, "it is of another version")
        whole.operatorCodes = [self.code(file.OperatorCodes(place)) for place in range(file.OperatorCodesLength())]
        whole.buffers = [self.buffer(file.Buffers(place)) for place in range(file.BuffersLength())]
        tensors = [self.tensor(graph.Tensors(place), whole.buffers) for place in range(graph.TensorsLength())]
        steps = [self.step(graph.Operators(place), whole.operatorCodes) for place in range(graph.OperatorsLength())]
        ends = [graph.InputsAsNumpy(), graph.OutputsAsNumpy()]
        _demand(all(np.shape(end) == (1,) for end in ends), "it has several inputs or outputs")
        first, last = (int(end[0]) for end in ends)
        self.check_order(tensors, steps, whole.buffers, first, last)
        whole.subgraphs = [schema.SubGraphT(tensors=tensors, operators=steps, inputs=[first], outputs=[last])]
        return whole

    def code(self, code: Any) -> Any:
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # as the runtime reads it
        _usual(kind in self.inputs or kind in self.of_any, "it asks for an operation that is not plain")
        _demand(1 <= code.Version() <= 16, "an operation is of another version")
        return self.schema.OperatorCodeT(deprecatedBuiltinCode=min(kind, 127), builtinCode=kind, version=code.Version())

    def buffer(self, buffer: Any) -> Any:
        _demand(buffer.Offset() <= 1 and buffer.Size() <= 1, "its numbers lie elsewhere")
        return self.schema.BufferT(data=buffer.DataAsNumpy() if buffer.DataLength() else None)

    def tensor(self, tensor: Any, buffers: list[Any]) -> Any:
        _demand(tensor.ShapeLength() <= _MOST_SIDES, "a tensor has too many sides")
        shape = [int(tensor.Shape(place)) for place in range(tensor.ShapeLength())]
        width, number = self.widths.get(tensor.Type(), 0), tensor.Buffer()
        _usual(width > 0 and not tensor.IsVariable() and tensor.Sparsity() is None, "a tensor is not plain")
        quantization = tensor.Quantization()
        _usual(quantization is None or quantization.ScaleLength() == 0, "a tensor is not plain")
        _demand(all(0 <= side <= _MOST_NUMBERS for side in shape), "a tensor is too large")
        count = int(np.prod(shape, dtype=np.float64))
        _demand(count <= _MOST_NUMBERS and number < len(buffers), "a tensor is too large")
        data = buffers[number].data
        _demand(data is None or len(data) == count * width, "a tensor has another size")
        return self.schema.TensorT(shape=shape, type=tensor.Type(), buffer=number, name="t", hasRank=True)

    def step(self, step: Any, codes: list[Any]) -> Any:
        schema = self.schema
        _demand(step.InputsLength() <= _MOST_INPUTS and step.OutputsLength() == 1, "an operation has too many inputs")
        _demand(step.OpcodeIndex() < len(codes), "an operation is none")
        kind = codes[step.OpcodeIndex()].builtinCode
        inputs = [int(step.Inputs(place)) for place in range(step.InputsLength())]
        _demand(kind in self.of_any or len(inputs) == self.inputs[kind], "an operation has too few inputs")
        needed = inputs[:-1] if kind in self.without_bias else inputs
        _demand(_NO_INPUT not in needed and len(inputs) > 0, "an operation has too few inputs")
        _demand(step.CustomOptionsLength() == 0 and step.IntermediatesLength() == 0, "an operation is not plain")
        _demand(step.BuiltinOptions2Type() == 0 and step.MutatingVariableInputsLength() == 0, "it is not plain")
        form, options = step.BuiltinOptionsType(), step.BuiltinOptions()
        told = schema.BuiltinOptionsCreator(form, options) if form and options is not None else None
        for value in vars(told).values() if told is not None else ():
            numbers = np.asarray(0 if value is None else value)
            _demand(numbers.dtype.kind in "bif" and numbers.size <= _MOST_SIDES, "an operation is not plain")
            _demand(bool((np.abs(numbers.astype(np.float64)) <= _LARGEST).all()), "an operation asks for too much")
        return schema.OperatorT(
            opcodeIndex=step.OpcodeIndex(),
            inputs=inputs,
            outputs=[int(step.Outputs(0))],
            builtinOptionsType=form if told is not None else 0,
            builtinOptions=told,
        )

    def check_order(self, tensors: list[Any], steps: list[Any], buffers: list[Any], first: int, last: int) -> None:
        """Every operation reads what is known by then, and writes what nobody has written yet."""
        constant = {place for place, one in enumerate(tensors) if buffers[one.buffer].data is not None}
        _demand(0 <= first < len(tensors) and first not in constant, "its input is none")
        _demand(len(tensors[first].shape) == 3 and tensors[first].type == 0, "it does not take images")
        known = constant | {first}
        for step in steps:
            _demand(
                all(one in known or one == _NO_INPUT for one in step.inputs), "an operation reads what is not there"
            )
            _demand(0 <= step.outputs[0] < len(tensors) and step.outputs[0] not in known, "a tensor is written twice")
            known.add(step.outputs[0])
        _demand(last in known - constant, "its output is none")


def _usual(condition: bool, words: str) -> None:
    if not condition:
        raise UnusualError(words)


def _demand(condition: bool, words: str) -> None:
    if not condition:
        raise ValueError(words)
