"""One model from its rows to its files."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, machine, runs
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import calibration, neural
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, Listener
from kaggle_digits.training.writing import Trained


def train(
    path: Path,
    beginning: Beginning,
    recipe: Recipe,
    learned: Digits,
    validation: Digits,
    listener: Listener,
    unlabelled: NDArray[np.uint8] | None = None,
) -> Trained:
    """Fits one model and saves it. With a checkpoint in the run's folder, an interrupted training goes on.

    The last argument are the images to label, uint8 `(n, height, width)`, for `Fit.unlabelled`.

    Raises:
        DigitsError: the training diverged.
        RunError: the checkpoint cannot be read.
    """
    began, plan = time.perf_counter(), beginning.plan
    if plan.tensorboard:
        board = load_keras().callbacks.TensorBoard(str(path / "logs"), write_graph=False)
        recipe = recipe.with_callbacks(board)
    fitted = classifiers.fit(recipe, learned, validation, plan.seed, listener, path, unlabelled)
    runs.reopen(path)
    machine.give_back()
    seconds = sum(epoch.seconds for epoch in fitted.history) or time.perf_counter() - began
    details: dict[str, Any] = {"precision": fitted.precision}
    if isinstance(fitted.classifier, neural.NeuralNetwork) and fitted.validation is not None:
        temperature = calibration.fit_temperature(fitted.validation, validation.known_labels)
        if fitted.classifier.calibrate(temperature):
            details["temperature"] = 1.0
    files, layers = fitted.classifier.save(path), fitted.classifier.layers()
    told: dict[str, Any] = {name: getattr(fitted, name) for name in ("history", "kept", "interrupted")}
    told |= {"train_seconds": seconds + fitted.teacher_seconds, "details": details}
    del fitted  # a large forest is not held twice
    machine.give_back()
    # Whoever loads the run later asks the saved model, perhaps by another library; so do its own figures.
    try:
        saved = classifiers.load_files(path, files, beginning)
    except RunError as error:
        if recipe.built_in:
            raise
        raise DigitsError(f"{recipe.name} was trained, but the saved model cannot be loaded: {error}") from None
    return Trained(
        classifier=saved,
        files=files,
        layers=layers,
        learned=learned,
        validation=validation,
        probabilities=saved.probabilities(validation.images),
        **told,
    )
