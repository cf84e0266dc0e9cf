"""Classifiers: fitted from a recipe, or loaded from a run folder, whatever they are made of."""

from kaggle_digits.classifiers.choosing import fit, load, load_files, prepare
from kaggle_digits.classifiers.classifier import Classifier, Fitted, TrainedClassifier

__all__ = [
    "Classifier",
    "Fitted",
    "TrainedClassifier",
    "calibration",
    "checkpoint",
    "ensemble",
    "fit",
    "keras_file",
    "lite",
    "load",
    "load_files",
    "networks",
    "neural",
    "precision",
    "prepare",
]
