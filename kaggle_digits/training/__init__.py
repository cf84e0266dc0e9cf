"""A plan becomes a run: data, recipe, one model or many, on this machine, a cluster or Kaggle's.

run = training.train(training.Plan("mlp", data="sklearn"))
run.record.validation_accuracy
"""

from kaggle_digits.runs import Plan
from kaggle_digits.training.blending import blend
from kaggle_digits.training.committee import Paused
from kaggle_digits.training.training import resume, train

__all__ = ["Paused", "Plan", "audit", "blend", "budget", "resume", "train"]
