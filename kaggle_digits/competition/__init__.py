"""The only place that talks to Kaggle.

Kaggle's own client is imported by one file, worker.py, which runs in a process of its own:

    client.Kaggle -> child.Child -> | process border | -> worker.py -> kaggle

Submissions are the business of client.py and scoring.py, programs on Kaggle's machines of kernels.py and following.py.

An error is told by failures.py on that side, and becomes a sentence in answers.py on this.
"""

from kaggle_digits.competition.client import Kaggle, Submission
from kaggle_digits.competition.scoring import wait_for_score
from kaggle_digits.competition.settings import SLUG

__all__ = ["SLUG", "Kaggle", "Submission", "wait_for_score"]
