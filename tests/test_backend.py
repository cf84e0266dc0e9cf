"""Settings around us: each wrong one is a sentence, or of no account."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAIN = ["train", "flat", "--data", "sklearn", "--set", "epochs=1"]


def run(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kaggle_digits", *words]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "theano",
            "Keras cannot train with 'theano', which KERAS_BACKEND names. Set it to one of: tensorflow,",
        ),
        ("numpy", "Keras cannot train with 'numpy', which KERAS_BACKEND names."),
        ("torch", "torch is not installed, which KERAS_BACKEND names. Set it to tensorflow, or install: "),
    ],
)
def test_a_backend_that_cannot_be_had_is_one_sentence(name: str, told: str, tmp_path: Path) -> None:
    done = run(TRAIN, tmp_path, KERAS_BACKEND=name)
    if name == "torch" and done.returncode == 0:
        pytest.skip("torch is installed")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert told in done.stderr.splitlines()[-1]


def test_so_is_one_that_keras_own_settings_name(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "theano"}')
    done = run(TRAIN, tmp_path, KERAS_BACKEND="", KERAS_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "Keras cannot train with 'theano'" in done.stderr.splitlines()[-1]


def test_an_unknown_backend_of_matplotlib_is_of_no_account(tmp_path: Path) -> None:
    done = run(["train", "knn", "--data", "sklearn"], tmp_path, MPLBACKEND="no-such")
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("models/*/*.png"))) == 4


SPARING = """
import gc, os, sys
from kaggle_digits import backend
os.environ["KDIGITS_SPARE_IMPORTS"] = "1"
keras = backend.load_keras()
unused = ("sklearn", "pandas", "matplotlib", "IPython", "jax")
assert not set(unused) & set(sys.modules)
assert gc.isenabled() and gc.get_freeze_count() > 100_000
import sklearn.base, pandas, matplotlib.pyplot, tensorflow
assert keras.ops.convert_to_numpy(keras.ops.ones(2)).sum() == 2
"""
WHOLE = """
import os
from kaggle_digits import backend
os.environ["KDIGITS_SPARE_IMPORTS"] = "1"
keras = backend.load_keras(whole=True)
from sklearn.base import BaseEstimator
assert issubclass(keras.wrappers.SKLearnClassifier, BaseEstimator)
"""


@pytest.mark.parametrize("code", [SPARING, WHOLE])
def test_keras_spares_what_it_hardly_uses_and_gives_it_back(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
