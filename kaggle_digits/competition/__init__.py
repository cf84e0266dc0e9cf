"""The only place that talks to Kaggle.

Kaggle's own client is imported by one file, connection.py, in a process of its own:

    client.Kaggle -> process.ClientProcess -> | process border: replies.py | -> worker.py -> connection.py -> kaggle

An error is described by connection.py on that side, and becomes a sentence in messages.py on this.

fetch.py brings the data; prepare.py, submission.py and send.py check and send a submission, which ledger.py remembers;
kernels.py runs programs on Kaggle's machines, with the package along as a wheel; notebook.py is one of them.
"""

from kaggle_digits.competition.client import SLUG, Kaggle, reachable
from kaggle_digits.competition.replies import Submission
from kaggle_digits.competition.watch import OnProgress, ignore_progress

__all__ = [
    "SLUG",
    "Kaggle",
    "OnProgress",
    "Submission",
    "credentials",
    "fetch",
    "ignore_progress",
    "kernels",
    "ledger",
    "messages",
    "notebook",
    "prepare",
    "reachable",
    "send",
    "submission",
    "wheel",
]
