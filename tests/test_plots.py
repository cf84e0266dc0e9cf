import numpy as np
import pytest
from PIL import Image

from kaggle_digits import plots
from kaggle_digits.classifiers.protocol import Epoch
from kaggle_digits.digits import Digits

HISTORY = [Epoch(n, 1 / n, 1 - 0.2 / n, 1.2 / n, 0.9 - abs(n - 3) / 50, 0.001, 1.5) for n in range(1, 6)]


def digits_and_answers(count):
    rng = np.random.default_rng(0)
    digits = Digits(
        rng.integers(0, 256, (count, 28, 28)).astype(np.uint8), np.arange(count) % 10, np.arange(1, count + 1)
    )
    answers = np.full((count, 10), 0.05, np.float32)
    answers[np.arange(count), (np.arange(count) + (np.arange(count) % 3 == 0)) % 10] = 0.55
    return digits, answers


def captions(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_visible()]


def test_learning_curves_name_the_epoch_that_was_kept():
    figure = plots.learning_curves(HISTORY)
    assert captions(figure) == ["Loss: 0.4000 at the epoch kept", "Accuracy: 90.00% at the epoch kept"]
    assert "kept: epoch 3" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


@pytest.mark.parametrize("count", [1, 5, 40])
def test_samples_show_as_many_digits_as_there_are(count):
    digits, answers = digits_and_answers(count)
    assert len(captions(plots.samples(digits, answers, seed=0))) == min(count, 32)


def test_gallery_marks_what_is_wrong():
    digits, answers = digits_and_answers(4)
    figure = plots.gallery(digits, answers, np.array([0, 1]), "title")
    assert captions(figure) == ["actual 0\n✗ 1  55%", "actual 1\n✓ 1  55%"]
    assert figure.axes[0].spines["top"].get_edgecolor() != figure.axes[1].spines["top"].get_edgecolor()


def test_a_probability_is_called_certain_only_when_it_is():
    digits, answers = digits_and_answers(3)
    answers[:, :] = 0
    answers[0, 0], answers[1, 1], answers[2, 2] = 0.9999, 0.996, 0.994
    shown = [caption.split("  ")[1] for caption in captions(plots.gallery(digits, answers, np.arange(3), ""))]
    assert shown == ["> 99.9%", "99.6%", "99%"]


def test_save_writes_a_png(tmp_path):
    path = tmp_path / "loss.png"
    plots.save(plots.learning_curves(HISTORY[:1]), path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width > 1_000
