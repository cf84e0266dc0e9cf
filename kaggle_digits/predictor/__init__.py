"""A trained model, asked: loaded, shown pictures, evaluated on labelled digits, compared with another.

from kaggle_digits import predictor

model = predictor.load()                              # the newest run, or load("20261120-220844-mlp")
model.labels(images)                                  # int64 (n,)
model.probabilities(images)                           # float32 (n, classes)
predictor.predict(model, ["numbers.jpg"])[0].label    # photos, scans, drawings, folders of them, CSVs
predictor.evaluate(model.run).report.accuracy         # on its validation rows, or evaluate(run, "my-digits")
predictor.compare(model.run, other.run).p_value
"""

from kaggle_digits.predictor.corrections import CORRECTIONS, correct, corrections_needed, keep_corrections, personal
from kaggle_digits.predictor.evaluation import Evaluation, Pictures, compare, data_of, evaluate
from kaggle_digits.predictor.model import Model, load
from kaggle_digits.predictor.prediction import LeftOut, PredictedDigit, Prediction
from kaggle_digits.predictor.reading import predict
from kaggle_digits.predictor.stacking import write_probabilities

__all__ = [
    "CORRECTIONS",
    "Evaluation",
    "LeftOut",
    "Model",
    "Pictures",
    "PredictedDigit",
    "Prediction",
    "compare",
    "correct",
    "corrections_needed",
    "data_of",
    "evaluate",
    "keep_corrections",
    "load",
    "personal",
    "predict",
    "write_probabilities",
]
