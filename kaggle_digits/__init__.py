"""From Kaggle's Digit Recognizer to a trained model and a scored submission, in three commands."""

__version__ = "0.1.0"
