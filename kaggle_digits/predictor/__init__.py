"""A trained model, asked: loaded, shown pictures, held against labelled digits, compared with another."""

__all__ = ["evaluating", "models", "predicting"]
