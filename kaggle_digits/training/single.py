"""One model from its rows to its files."""

from pathlib import Path

from kaggle_digits import classifiers, runs
from kaggle_digits.classifiers.checkpoint import merit
from kaggle_digits.classifiers.protocol import Listener
from kaggle_digits.digits import Digits
from kaggle_digits.recipes import Recipe
from kaggle_digits.training.outcome import Clock, Outcome


def learn(
    path: Path,
    recipe: Recipe,
    train: Digits,
    validation: Digits,
    *,
    seed: int,
    listener: Listener,
    tensorboard: bool = False,
) -> Outcome:
    """Fits one model and saves it. With a checkpoint in the folder, an interrupted training goes on.

    Args:
        path: the run's folder.
        recipe: the model and how to fit it; not a committee.
        train: labelled digits to learn from.
        validation: labelled digits to judge it on.
        seed: same seed, data and machine: same model.
        listener: hears of every step and epoch, and may stop the training early.
        tensorboard: whether to log to a folder `logs` in the run folder.

    Raises:
        DigitsError: the training diverged.
        RunError: the checkpoint cannot be read.
        StorageError: the folder cannot be written, or the disk is full.
    """
    clock = Clock()
    if tensorboard:
        from kaggle_digits.classifiers.tensorboard import Logged

        listener = Logged(listener, path / "logs")
    fitted = classifiers.fit(recipe, train, validation, seed, listener, path)
    runs.reopen(path)
    train_seconds = (sum(epoch.seconds for epoch in fitted.history) or clock.seconds) + fitted.teacher_seconds
    files, layers = fitted.classifier.save(path), fitted.classifier.layers()
    # Whoever loads the run later asks the saved model, perhaps by another library; so do its own figures.
    saved = classifiers.load(path, files)
    kept = fitted.history[-1].epoch if fitted.history else 0
    if fitted.history and (fitted.interrupted or (recipe.fit and recipe.fit.patience is not None)):
        kept = max(fitted.history, key=merit).epoch
    return Outcome(
        classifier=saved,
        files=files,
        layers=layers,
        learned=train,
        validation=validation,
        probabilities=saved.probabilities(validation.images),
        history=fitted.history,
        train_seconds=train_seconds,
        kept=kept,
        interrupted=fitted.interrupted,
        details={"precision": fitted.precision},
    )
