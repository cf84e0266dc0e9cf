"""A plan becomes a run: data, recipe, one model or many, on this machine, a cluster or Kaggle's.

run = training.train(training.Plan("mlp", data="sklearn"))
run.record.validation_accuracy
"""

from kaggle_digits.runs import Plan
from kaggle_digits.training.blending import blend
from kaggle_digits.training.committee import Paused
from kaggle_digits.training.training import resume, train
from kaggle_digits.training.tuning import Study, tune

__all__ = ["Paused", "Plan", "Study", "audit", "blend", "budget", "resume", "train", "tune"]
