"""A Keras network as a graph of steps and a few bytes of weights: small enough to lie in a page."""

from typing import Any

from kaggle_digits.backend import load_keras
from kaggle_digits.errors import ExportError, first_line
from kaggle_digits.export.graph.layers import CALLING, LAYERS
from kaggle_digits.export.graph.operations import OPERATIONS
from kaggle_digits.export.graph.steps import OPTIONS, Steps, UnknownError, Value

__all__ = ["CALLING", "LAYERS", "OPERATIONS", "OPTIONS", "Steps", "compact"]


def compact(model: Any) -> Steps:
    """The graph of a network, with its kernels rounded to integers from -47 to 47.

    Args:
        model: any `keras.Model` of one image, float32 `(height, width)`; its kernels become the rounded ones, so that
            it says afterwards what the graph says.

    Raises:
        ExportError: it has a layer or an operation that the page does not know; the sentence names it.
    """
    walk = _Walk(load_keras())
    image = walk.keras.Input(batch_shape=model.input_shape)
    walk.know(image, walk.steps.add("image", [], model.input_shape[1:]))
    last = walk.open(model, [image], {})
    if last.step != len(walk.steps.steps) - 1:
        raise ExportError("the network's answer is not its last step. Export to .tflite or .onnx.")
    return walk.steps


class _Walk:
    """Goes through a network as Keras would call it, with symbols in place of images."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self.steps = Steps()
        # By the identity of Keras's symbols, which stay here, so that none gets another's.
        self._values: dict[int, tuple[Any, Value]] = {}

    def know(self, symbol: Any, value: Value) -> None:
        """Remembers what a symbol stands for."""
        self._values[id(symbol)] = symbol, value

    def open(self, layer: Any, arguments: list[Any], options: dict[str, Any]) -> Value:
        """What comes of a network, or of a layer that calls others, called with arguments, symbols among them."""
        keras, fresh = self.keras, {}
        for symbol in self._symbols([arguments, options]):
            fresh[id(symbol)] = keras.Input(batch_shape=symbol.shape, dtype=symbol.dtype)
            self.know(fresh[id(symbol)], self._values[id(symbol)][1])
        arguments, options = keras.tree.map_structure(lambda each: fresh.get(id(each), each), (arguments, options))
        try:
            graph = keras.Model(list(fresh.values()), layer.call(*arguments, **options))
        except Exception as error:  # code of a user's own, which may not work with symbols
            raise self._refusal(layer, f"whose `call` cannot be followed ({first_line(error)})") from None
        if len(graph.outputs) != 1:
            raise self._refusal(layer, "with more than one output")
        copy = keras.models.clone_model(
            graph, input_tensors=graph.input, clone_function=lambda own: own, call_function=self._call
        )
        return self._values[id(copy.outputs[0])][1]

    def _call(self, layer: Any, *arguments: Any, **options: Any) -> Any:
        """Calls a layer or operation with symbols, as Keras wants it, and adds its steps."""
        answer = layer(*arguments, **options)
        try:
            self.know(answer, self._added(layer, arguments, options, tuple(answer.shape[1:])))
        except UnknownError as error:
            raise self._refusal(layer, str(error)) from None
        return answer

    def _added(self, layer: Any, arguments: Any, options: dict[str, Any], shape: tuple[int, ...]) -> Value:
        kind, is_ours = type(layer).__name__, not type(layer).__module__.startswith("keras.")
        is_layer = isinstance(layer, self.keras.layers.Layer)
        if is_layer and (is_ours or isinstance(layer, self.keras.Model) or kind in CALLING):
            return self.open(layer, list(arguments), options)
        if is_layer and kind in LAYERS and getattr(layer, "data_format", None) != "channels_first":
            values = [self._values[id(symbol)][1] for symbol in self._symbols([arguments, options])]
            return LAYERS[kind](self.steps, layer, values, shape)
        if not is_layer and not is_ours and kind in OPERATIONS:
            known = self.keras.tree.map_structure(
                lambda each: self._values.get(id(each), (None, each))[1], [*arguments, *options.values()]
            )
            return OPERATIONS[kind](self.steps, layer, known, shape)
        raise UnknownError("")

    def _symbols(self, arguments: Any) -> list[Any]:
        return [each for each in self.keras.tree.flatten(arguments) if isinstance(each, self.keras.KerasTensor)]

    def _refusal(self, layer: Any, why: str = "") -> ExportError:
        kind = type(layer).__name__
        what = f"{kind} {layer.name}" if isinstance(layer, self.keras.layers.Layer) else f"keras.ops {kind}"
        return ExportError(f"a page cannot compute {what} {why}".rstrip() + ". Export to .tflite or .onnx.")
