"""The only place that talks to Kaggle.

Kaggle's own client is imported by one file, worker.py, which runs in a process of its own:

    client.Kaggle -> child.Child -> | process border | -> worker.py -> kaggle

What comes back as an error becomes a sentence in answers.py.
"""

from kaggle_digits.competition.client import Kaggle, Submission
from kaggle_digits.competition.scoring import wait_for_score
from kaggle_digits.competition.settings import SLUG

__all__ = ["SLUG", "Kaggle", "Submission", "wait_for_score"]
