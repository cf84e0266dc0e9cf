import numpy as np
import pytest
from PIL import Image

from kaggle_digits import evaluation
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import inside


def by_one_pixel(images):
    """Says 1 where there is ink in the middle of the upper edge, and 0 where not."""
    share = 0.05 + 0.9 * images[:, 2, 4] / 255
    return np.stack([1 - share, share], axis=1).astype(np.float32)


def test_occlusion_finds_the_one_pixel_that_a_model_looks_at():
    image = np.full((8, 9), 255, np.uint8)
    lost = inside.occlusion(by_one_pixel, image, patch=3)
    assert lost.shape == (8, 9)
    assert lost.dtype == np.float32
    assert np.argwhere(lost > 0).min(axis=0).tolist() == [1, 3]
    assert np.argwhere(lost > 0).max(axis=0).tolist() == [3, 5]
    assert lost.max() == pytest.approx(np.log(0.95 / 0.05), rel=1e-4)


def test_occlusion_of_a_blank_image_loses_nothing():
    assert not inside.occlusion(by_one_pixel, np.zeros((8, 8), np.uint8)).any()


def test_first_filters_of_a_convolution_and_of_a_dense_layer_are_images():
    convolution = np.arange(3 * 3 * 1 * 5, dtype=np.float32).reshape(3, 3, 1, 5)
    assert np.array_equal(inside.first_filters(convolution, (28, 28))[4], convolution[:, :, 0, 4])
    dense = np.arange(6 * 2, dtype=np.float32).reshape(6, 2)
    assert inside.first_filters(dense, (2, 3))[1].tolist() == [[1, 3, 5], [7, 9, 11]]
    assert inside.first_filters(dense[:4], (28, 28))[0].tolist() == [[0, 2], [4, 6]]  # resized by the network


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_what_is_alike_is_arranged_together(method):
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 0.1, (20, 5)), rng.normal(5, 0.1, (20, 5))])
    points = inside.arrange(features, method)
    middles = points[:20].mean(axis=0), points[20:].mean(axis=0)
    assert points.shape == (40, 2)
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * np.linalg.norm(points[:20] - middles[0], axis=1).mean()


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows_are_arranged_too(rows):
    assert np.isfinite(inside.arrange(np.eye(3)[:rows], "tsne")).all()


@pytest.mark.parametrize("rows", [1, 40])
def test_the_inside_is_drawn(tmp_path, rows):
    images = np.random.default_rng(0).integers(0, 256, (rows, 8, 9)).astype(np.uint8)
    digits = Digits(images, np.arange(rows) % 2, np.arange(rows), 2)
    kernel = np.random.default_rng(0).normal(size=(72, 100)).astype(np.float32)
    evaluation.draw_inside(tmp_path, by_one_pixel, digits, kernel, "a run")
    for name in ("looks.png", "filters.png", "map.png"):
        with Image.open(tmp_path / name) as image:
            assert image.width > 500
