"""One model from its rows to its files."""

from pathlib import Path

from kaggle_digits import classifiers, runs
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import calibration, neural
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, Listener
from kaggle_digits.training.writing import Clock, Trained


def train(
    path: Path, beginning: Beginning, recipe: Recipe, learned: Digits, validation: Digits, listener: Listener
) -> Trained:
    """Fits one model and saves it. With a checkpoint in the folder, an interrupted training goes on.

    Args:
        path: the run's folder.
        beginning: what the run began with.
        recipe: the model and how to fit it; not a committee.
        learned: labelled digits to learn from.
        validation: labelled digits to judge it on.
        listener: hears of every step and epoch, and may stop the training early.

    Raises:
        DigitsError: the training diverged.
        RunError: the checkpoint cannot be read.
        StorageError: the folder cannot be written, or the disk is full.
    """
    clock, plan = Clock(), beginning.plan
    if plan.tensorboard and recipe.fit is not None:
        board = load_keras().callbacks.TensorBoard(str(path / "logs"), write_graph=False)
        recipe = recipe.with_callbacks(board)
    fitted = classifiers.fit(recipe, learned, validation, plan.seed, listener, path)
    runs.reopen(path)
    train_seconds = (sum(epoch.seconds for epoch in fitted.history) or clock.seconds) + fitted.teacher_seconds
    is_calibrated = isinstance(fitted.classifier, neural.NeuralNetwork) and fitted.classifier.calibrate(
        calibration.fit_temperature(fitted.classifier.probabilities(validation.images), validation.known_labels)
    )
    files, layers = fitted.classifier.save(path), fitted.classifier.layers()
    # Whoever loads the run later asks the saved model, perhaps by another library; so do its own figures.
    try:
        saved = classifiers.load_files(path, files, beginning)
    except RunError as error:
        if recipe.built_in:
            raise
        raise DigitsError(f"what {recipe.name} builds was trained, but cannot be loaded again: {error}") from None
    return Trained(
        classifier=saved,
        files=files,
        layers=layers,
        learned=learned,
        validation=validation,
        probabilities=saved.probabilities(validation.images),
        history=fitted.history,
        train_seconds=train_seconds,
        temperature=1.0 if is_calibrated else None,
        kept=fitted.kept,
        interrupted=fitted.interrupted,
        precision=fitted.precision,
    )
