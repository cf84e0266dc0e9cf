import keras
import numpy as np
import pytest

from kaggle_digits.classifiers import distilling, feeding
from kaggle_digits.digits import Digits


def digits_of(rows):
    rng = np.random.default_rng(0)
    return Digits(rng.integers(0, 256, (rows, 8, 8), np.uint8), np.arange(rows) % 10, np.arange(1, rows + 1))


def test_a_teacher_is_asked_once_for_every_image(monkeypatch):
    monkeypatch.setattr(distilling, "_EPOCHS", 2)
    asked = []

    def teacher(images):
        asked.append(images)
        return np.repeat(images.mean(axis=(1, 2), dtype=np.float32)[:, None], 10, axis=1)

    asked_once, told = distilling.Teacher(teacher), {}
    for epoch in (1, 2, 3, 4):
        rng = np.random.default_rng(asked_once.epoch(epoch))
        batches = list(feeding.one_epoch(digits_of(100), 20, None, asked_once.targets(epoch), rng))
        told[epoch] = np.concatenate([answers for _, answers in batches])
        images = np.concatenate([images for images, _ in batches])
        assert np.allclose(told[epoch][:, 0], images.mean(axis=(1, 2)))
    assert sum(map(len, asked)) == 200
    assert (told[3] == told[1]).all()
    assert (told[4] == told[2]).all()
    assert (told[1] != told[2]).any()


def test_the_loss_is_least_for_what_the_teacher_says():
    rng = np.random.default_rng(0)
    told, other = (rng.dirichlet(np.ones(10), 50).astype(np.float32) for _ in range(2))
    loss = distilling.loss(keras.ops)
    least, more = (np.asarray(loss(told, said)) for said in (told, other))
    assert least.shape == (50,)
    assert least == pytest.approx(0, abs=1e-5)
    soft, other_soft = (answers ** (1 / 4) for answers in (told, other))
    soft, other_soft = (answers / answers.sum(axis=1, keepdims=True) for answers in (soft, other_soft))
    assert more == pytest.approx((soft * np.log(soft / other_soft)).sum(axis=1), rel=1e-3)


def test_the_loss_bears_certainty():
    sure = np.eye(10, dtype=np.float32)
    assert np.isfinite(np.asarray(distilling.loss(keras.ops)(sure, np.roll(sure, 1, axis=0)))).all()
