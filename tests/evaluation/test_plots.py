import gc

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.transforms import Bbox
from PIL import Image

from kaggle_digits import evaluation, photos
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import metrics, plots
from kaggle_digits.runs import Epoch

HISTORY = [Epoch(n, 1 / n, 1 - 0.2 / n, 1.2 / n, 0.9 - abs(n - 3) / 50, 0.001, 1.5) for n in range(1, 6)]


def digits_and_answers(count, wrong_every=3):
    """Labels 0, 1, ... 9, 0, ...; every third row, say, is taken for the next digit."""
    rng = np.random.default_rng(0)
    rows = np.arange(count)
    digits = Digits(rng.integers(0, 256, (count, 28, 28)).astype(np.uint8), rows % 10, rows + 1)
    answers = np.full((count, 10), 0.05, np.float32)
    answers[rows, (rows + (rows % wrong_every == 0)) % 10] = 0.55
    return digits, answers


def one_hot(labels, classes=10):
    return np.eye(classes, dtype=np.float32)[labels]


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def heading(figure):
    return texts(figure.axes[0])[0]


def captions(figure):
    return texts(figure.axes[0])[1:]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def legend(owner):
    return [text.get_text() for text in owner.get_texts()]


def ticks(axis):
    low, high = sorted(axis.get_view_interval())
    places = [place for place in axis.get_majorticklocs() if low <= place <= high]
    return axis.get_major_formatter().format_ticks(places)


def drawn(figure):
    """The figure after a full layout, which is where Matplotlib would warn."""
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize(("kept", "loss", "accuracy"), [(3, "0.4000", "90.00 %"), (5, "0.2400", "86.00 %")])
def test_learning_curves_name_the_epoch_that_was_kept_whichever_was_best(kept, loss, accuracy):
    figure = drawn(plots.learning_curves(HISTORY, kept))
    after = f"after epoch {kept}"
    assert titles(figure) == [f"Validation loss {loss}\n{after}", f"Validation accuracy {accuracy}\n{after}"]
    assert legend(figure.legends[0]) == ["training", "validation", f"kept: epoch {kept}"]
    assert [axes.lines[2].get_xdata() for axes in figure.axes] == [[kept, kept]] * 2


def test_learning_curves_draw_training_and_validation():
    for axes, measure in zip(plots.learning_curves(HISTORY, 5).axes, ("loss", "accuracy"), strict=True):
        for line, name in zip(axes.lines, (measure, f"val_{measure}"), strict=False):
            assert line.get_xdata().tolist() == [1, 2, 3, 4, 5]
            assert line.get_ydata().tolist() == [getattr(epoch, name) for epoch in HISTORY]


def test_learning_curves_of_close_values_have_plain_axes():
    figure = plots.learning_curves(HISTORY[2:], 5)
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear"]


def test_learning_curves_keep_the_end_readable_after_a_wild_first_epoch():
    later = [Epoch(n, 0.09 / n, 1 - 0.02 / n, 0.07 / n, 1 - 0.01 / n, 0.001, 25.0) for n in range(2, 11)]
    loss, accuracy = drawn(plots.learning_curves([Epoch(1, 0.52, 0.85, 7.91, 0.128, 0.003, 27.0), *later], 10)).axes
    assert loss.get_yscale() == "log"
    assert {"0.01", "0.1", "1"} <= set(ticks(loss.yaxis))
    assert ticks(accuracy.yaxis)[:6] == ["50 %", "80 %", "90 %", "95 %", "98 %", "99 %"]
    end = accuracy.transAxes.inverted().transform(accuracy.transData.transform((10, 0.995)))
    half_as_good = accuracy.transAxes.inverted().transform(accuracy.transData.transform((10, 0.99)))
    assert 0.5 < half_as_good[1] < end[1] - 0.05 < 1


def test_learning_curves_have_a_place_for_100_percent_and_no_loss():
    history = [Epoch(n, 0.1 * (n < 3), min(1.0, 0.6 + 0.2 * n), 0.2, 1.0, 0.001, 1.0) for n in range(1, 5)]
    _, accuracy = drawn(plots.learning_curves(history, history[-1].epoch)).axes
    assert ticks(accuracy.yaxis)[-1] == "100 %"
    assert accuracy.get_ylim()[1] > 1


def test_learning_curves_of_one_epoch_have_one_tick_and_say_their_values():
    figure = drawn(plots.learning_curves(HISTORY[:1], 1))
    assert ticks(figure.axes[0].xaxis) == ["1"]
    assert [texts(axes) for axes in figure.axes] == [["1.0000", "1.2000"], ["80.00 %", "86.00 %"]]
    assert legend(figure.legends[0]) == ["training", "validation"]


def test_curves_of_folds_are_their_mean_in_a_band_also_where_some_ended_earlier():
    other = [Epoch(n, 0.5, 0.5, 0.5, 0.8, 0.001, 1.0) for n in range(1, 4)]
    loss, accuracy = drawn(plots.fold_curves([HISTORY, other])).axes
    middle = accuracy.lines[1].get_ydata()
    assert middle[:3] == pytest.approx([(epoch.val_accuracy + 0.8) / 2 for epoch in HISTORY[:3]])
    assert middle[3:] == pytest.approx([epoch.val_accuracy for epoch in HISTORY[3:]])
    assert len(loss.collections) == len(accuracy.collections) == 2
    assert accuracy.get_title() == "Validation accuracy 83.00 %\nafter the last epoch, mean of 2 folds"


def test_learning_curves_of_many_epochs_have_no_markers():
    long = [Epoch(n, 1 / n, 1 - 0.2 / n, 1.2 / n, 1 - 0.3 / n, 0.001, 1.5) for n in range(1, 201)]
    assert [plots.learning_curves(h, 1).axes[0].lines[0].get_marker() for h in (HISTORY, long)] == ["o", ""]
    assert len(ticks(drawn(plots.learning_curves(long, 200)).axes[0].xaxis)) < 12


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_learning_curves_of_a_training_that_went_astray_can_be_drawn(loss):
    history = [Epoch(n, loss, 0.1, loss, 0.098, 0.001, 1.0) for n in range(1, 4)]
    assert titles(drawn(plots.learning_curves(history, 3)))[1] == "Validation accuracy 9.80 %\nafter epoch 3"


@pytest.mark.parametrize("count", [1, 5, 40])
def test_samples_show_as_many_digits_as_there_are(count):
    digits, answers = digits_and_answers(count)
    assert len(captions(plots.samples(digits, answers, seed=0))) == min(count, 32)


def test_samples_say_what_the_colour_means_where_there_is_something_wrong():
    digits, answers = digits_and_answers(6)
    assert heading(plots.samples(digits, answers, 0)).endswith("\nIn orange: predicted wrongly (2 of 6)")
    assert "orange" not in heading(plots.samples(digits, one_hot(digits.labels), 0))


def test_gallery_marks_what_is_wrong():
    digits, answers = digits_and_answers(4)
    figure = plots.gallery(digits, answers, np.array([0, 1]), "title")
    assert captions(figure) == ["actual 0\n✗ 1  55 %", "actual 1\n✓ 1  55 %"]
    assert len(figure.axes[0].images) == 2
    framed = figure.axes[0].collections[0].get_edgecolor().tolist()
    assert framed == [list(colors.to_rgba(plots.WRONG)), list(colors.to_rgba("0.85"))]


def test_gallery_shows_the_end_of_a_long_id():
    digits, answers = digits_and_answers(1)
    named = Digits(digits.images, digits.labels, np.array(["train/digit/img_0000107.png"]))
    figure = plots.gallery(named, answers, np.array([0]), "title", with_ids=True)
    assert captions(figure) == ["…_0000107.png\nactual 0\n✗ 1  55 %"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a$_$b.png", "a$_$b.png"),
        (r"$\frac$.png", r"$\frac$.png"),
        ("größe.png", "größe.png"),
        ("数字三.png", "???.png"),
    ],
)
@pytest.mark.parametrize("guess", [0, 1])
def test_gallery_takes_any_file_name(name, shown, guess):
    digits = Digits(np.zeros((1, 28, 28), np.uint8), np.array([0]), np.array([name]))
    figure = drawn(plots.gallery(digits, one_hot([guess]), np.array([0]), "title", with_ids=True))
    assert captions(figure)[0].splitlines()[0] == shown


def test_a_probability_is_never_called_certain():
    digits, answers = digits_and_answers(4)
    answers[:, :] = 0
    answers[0, 0], answers[1, 1], answers[2, 2], answers[3, 3] = 0.9999, 0.996, 0.994, 1
    shown = [caption.split("  ")[1] for caption in captions(plots.gallery(digits, answers, np.arange(4), ""))]
    assert shown == ["> 99.9 %", "99.6 %", "99 %", "> 99.9 %"]


def test_mistakes_come_with_the_most_confident_first():
    digits, answers = digits_and_answers(7)
    answers[3] = one_hot([8])[0] * 0.9 + 0.01
    figure = drawn(plots.mistakes(digits, answers))
    assert captions(figure) == ["4\nactual 3\n✗ 8  91 %", "1\nactual 0\n✗ 1  55 %", "7\nactual 6\n✗ 7  55 %"]
    assert heading(figure).startswith("3 mistakes among 7 digits, the most confident first\n")


def test_mistakes_are_32_at_most():
    digits, answers = digits_and_answers(60, wrong_every=1)
    figure = plots.mistakes(digits, answers)
    assert len(captions(figure)) == 32
    assert heading(figure).startswith("The 32 most confident of 60 mistakes among 60 digits\n")


def test_one_mistake_needs_no_order():
    digits, answers = digits_and_answers(3)
    assert heading(plots.mistakes(digits, answers)).startswith("1 mistake among 3 digits\n")


def test_no_mistakes_are_good_news():
    digits, _ = digits_and_answers(108)
    figure = drawn(plots.mistakes(digits, one_hot(digits.labels)))
    assert (figure.axes, [text.get_text() for text in figure.texts]) == (
        [],
        ["No mistakes: 108 digits, all labelled rightly."],
    )


def test_confusion_writes_counts_and_shares_and_leaves_zeros_blank():
    labels = np.array([0] * 8 + [1] * 2)
    report = evaluation.evaluate(labels, one_hot(np.array([0] * 7 + [1] * 3), 2))
    axes, *_ = drawn(plots.confusion(report)).axes
    legend_text, *cells = texts(axes)
    assert cells == ["7", "87.5 %", "1", "12.5 %", "2", "100.0 %", "1 of 8 wrong", "0 of 2 wrong"]
    assert "share of the actual digit" in legend_text
    assert axes.get_title() == "Accuracy 90.00 %, 95 % interval 59.58 % to 98.21 %, 10 rows"


def test_confusion_colours_errors_on_a_scale_of_their_own():
    labels = np.arange(1000) % 10
    guesses = labels.copy()
    guesses[[0, 10, 1]] = 7
    cells, *_ = plots.confusion(evaluation.evaluate(labels, one_hot(guesses))).axes[0].collections
    colours = cells.get_array()
    right, blank, two, one = colours[3, 3], colours[3, 4], colours[0, 7], colours[1, 7]
    assert right[0] == right[1] == right[2] < 1
    assert blank.tolist() == [1, 1, 1]
    assert two.tolist() == pytest.approx(colors.to_rgb("#F08A3C"), abs=0.01)
    assert two[2] < one[2] < 1


def test_confusion_says_how_many_of_each_row_are_wrong():
    digits, answers = digits_and_answers(20)
    axes = drawn(plots.confusion(evaluation.evaluate(digits.labels, answers))).axes[0]
    assert texts(axes)[-10:-8] == ["1 of 2 wrong", "0 of 2 wrong"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("Actual", "Predicted")


def test_confusion_without_mistakes_and_with_labels_that_never_occur():
    labels = np.array([3] * 108)
    axes, *_ = drawn(plots.confusion(evaluation.evaluate(labels, one_hot(labels)))).axes
    assert texts(axes)[1:3] == ["108", "100.0 %"]
    assert axes.get_title() == "Accuracy 100.00 %, 95 % interval 96.57 % to 100.00 %, 108 rows"


def test_confusion_never_rounds_a_mistake_away():
    labels = np.zeros(42_000, np.int64)
    guesses = labels.copy()
    guesses[0] = 1
    axes, *_ = plots.confusion(evaluation.evaluate(labels, one_hot(guesses, 2))).axes
    assert texts(axes)[1:5] == ["41,999", "> 99.9 %", "1", "< 0.1 %"]
    assert axes.get_title().startswith("Accuracy > 99.99 %,")


def test_confidence_counts_right_and_wrong_apart():
    digits, answers = digits_and_answers(30)
    distribution, _ = drawn(plots.confidence(digits.labels, answers)).axes
    right, wrong = ([bar.get_height() for bar in bars] for bars in distribution.containers)
    assert (sum(right), sum(wrong), right[8], wrong[8]) == (20, 10, 20, 10)
    assert distribution.get_yscale() == "log"
    assert legend(distribution.get_legend()) == ["20 right, median 55.0 %", "10 wrong, median 55.0 %"]


def test_the_reliability_curve_and_the_calibration_error_agree():
    rng = np.random.default_rng(1)
    answers = rng.dirichlet(np.full(10, 0.1), 400).astype(np.float32)
    labels = np.where(rng.random(400) < 0.7, answers.argmax(axis=1), rng.integers(0, 10, 400))
    _, reliability = drawn(plots.confidence(labels, answers)).axes
    points = np.concatenate([container.lines[0].get_xydata() for container in reliability.containers])
    bins = metrics.confidence_bins(answers.max(axis=1))
    weights = [(bins == metrics.confidence_bins(sure)).sum() for sure, _ in points]
    error = evaluation.evaluate(labels, answers).calibration_error
    assert sum(weights) == 400
    assert np.average(np.abs(points[:, 0] - points[:, 1]), weights=weights) == pytest.approx(error)
    assert f"on average {100 * error:.2f} % off the line" in reliability.get_title()
    assert reliability.get_ylim() == (0, 1)


def test_bins_with_few_rows_are_set_apart():
    labels = np.zeros(33, np.int64)
    answers = np.array([[0.9, 0.1]] * 30 + [[0.6, 0.4]] * 3, np.float32)
    _, reliability = plots.confidence(labels, answers).axes
    assert [container.lines[0].get_xdata().round(3).tolist() for container in reliability.containers] == [[0.9], [0.6]]
    assert legend(reliability.get_legend()) == ["just as it says", "20 digits or more", "fewer: may be luck"]


@pytest.mark.parametrize(("guess", "said"), [(0, "0 wrong"), (1, "0 right")])
def test_confidence_of_all_right_and_of_all_wrong(guess, said):
    labels = np.zeros(108, np.int64)
    distribution, _ = drawn(plots.confidence(labels, one_hot(labels + guess))).axes
    assert said in legend(distribution.get_legend())


def test_runs_are_compared_with_their_curves_and_their_time():
    seconds = {f"run-{number}": 1.0 + number for number in range(12)}
    accuracies = {name: 0.9 + 0.001 * value for name, value in seconds.items()}
    figure = drawn(plots.compare_runs(seconds, accuracies, {"run-3": [HISTORY], "run-4": [HISTORY[:1]]}))
    curves, points = figure.axes
    assert [len(line.get_xdata()) for line in curves.lines] == [5, 1]
    assert len(points.lines) == 11
    assert legend(figure.legends[0])[:2] == ["2 others", "91.00 %  run-9"]


def test_runs_in_folds_are_compared_by_the_mean_in_a_band():
    other = [Epoch(n, 0.5, 0.5, 0.5, 0.8, 0.001, 1.0) for n in range(1, 4)]
    curves = drawn(plots.compare_runs({"folds": 9.0}, {"folds": 0.9}, {"folds": [HISTORY, other]})).axes[0]
    middle = curves.lines[0].get_ydata()
    assert middle.tolist()[2:] == pytest.approx([0.85, 0.88, 0.86])
    assert len(curves.collections) == 1


def test_runs_without_epochs_can_be_compared():
    figure = drawn(plots.compare_runs({"knn": 3.0}, {"knn": 0.97}, {"knn": []}))
    assert texts(figure.axes[0]) == ["these models have no epochs"]


@pytest.mark.parametrize("trials", [1, 2, 30])
def test_what_a_search_tried_can_be_drawn(trials):
    rng = np.random.default_rng(0)
    accuracies = [0.1, *(0.98 + 0.01 * rng.random(trials - 1))]
    values = {
        "learning_rate": (10.0 ** rng.uniform(-4, -2, trials)).tolist(),
        "width": rng.integers(16, 64, trials).tolist(),
        "activation": rng.choice(["relu", "gelu"], trials).tolist(),
        "jit": [bool(number % 2) for number in range(trials)],
    }
    best = drawn(plots.tuning_history(accuracies)).axes[0].lines[1].get_ydata()
    assert best.tolist() == np.maximum.accumulate(accuracies).tolist()
    assert titles(drawn(plots.tuning_slices(values, accuracies))) == list(values)
    bars = drawn(plots.tuning_importances({"width": 0.2, "learning_rate": 0.8})).axes[0]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["width", "learning_rate"]


def test_save_names_the_run_in_the_picture_and_only_there(tmp_path):
    figure = plots.learning_curves(HISTORY[:1], 1)
    plots.save(figure, tmp_path / "loss.svg", "20261127-mlp_$1$ 数")
    assert "20261127-mlp_$1$ ?" in (tmp_path / "loss.svg").read_text()
    assert figure.texts == []


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_the_suffix_says_what_is_written(tmp_path, suffix, begins):
    path = tmp_path / f"loss{suffix}"
    plots.save(plots.learning_curves(HISTORY[:1], 1), path)
    assert path.read_bytes().startswith(begins)


def test_saved_figures_leave_no_canvas_in_memory(tmp_path):
    gc.collect()
    digits, answers = digits_and_answers(20)
    report = evaluation.evaluate(digits.labels, answers)
    figures = [plots.learning_curves(HISTORY, 1), plots.confusion(report), plots.mistakes(digits, answers)]
    for figure in figures:
        plots.save(figure, tmp_path / "figure.png")
    assert not [one for one in gc.get_objects() if isinstance(one, RendererAgg)]


def test_save_writes_a_png(tmp_path):
    path = tmp_path / "loss.png"
    plots.save(plots.learning_curves(HISTORY[:1], 1), path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width > 1_000


def read(label, left, top, **words):
    """A digit of 30 x 40 pixels, as it was read."""
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[label] = 0.91
    image = np.zeros((28, 28), np.uint8)
    return photos.Digit(probabilities, (left, top, left + 30, top + 40), image, **words)


def explained(digits, doubts=None, marks=(), title="a.png: 1"):
    picture = np.full((300, 400), 255, np.uint8)
    return drawn(plots.explanation(title, {"as read": picture}, digits, doubts or [""] * len(digits), marks))


def test_an_explanation_draws_what_was_left_out_in_dashes():
    mark = photos.Mark((100, 60, 110, 90), 1, np.zeros((28, 28), np.uint8))
    picture = explained([read(1, 50, 50), read(2, 150, 50)], marks=[mark]).axes[0]
    dashed, *solid = picture.patches
    assert dashed.get_linestyle() not in {"solid", *(box.get_linestyle() for box in solid)}
    assert dashed.get_bbox().contains(100, 60)
    assert dashed.get_bbox().contains(110, 90)
    assert texts(picture) == ["1", "2"]
    assert "dashed: left out" in picture.get_title()
    assert "dashed" not in explained([read(1, 50, 50)]).axes[0].get_title()


def inked(text):
    """Where a number's ink is: above the line, and as high as a digit."""
    space, (_, line) = text.get_window_extent(), text.get_transform().transform(text.get_position())
    height = 0.73 * text.get_fontsize() * text.figure.dpi / 72
    return Bbox([[space.x0, line], [space.x1, line + height]])


def test_an_explanation_writes_no_label_over_a_box_or_another_label():
    """Lines so close that labels find room above the first and below the last only, and none beside the picture."""
    digits = [read(number % 10, 33 * column, 42 * number + 20) for number in range(6) for column in range(12)]
    picture = explained(digits).axes[0]
    spaces = [inked(text) for text in picture.texts]
    boxes = [box.get_window_extent() for box in picture.patches]
    assert len(spaces) == 24
    assert not [1 for place, space in enumerate(spaces) if space.count_overlaps(spaces[:place] + boxes)]
    assert all(picture.bbox.y0 <= space.y0 and space.y1 <= picture.bbox.y1 for space in spaces)


def test_an_explanation_has_thin_boxes_where_digits_are_small_and_on_every_sheet():
    page = [read(number % 10, 40 * (number % 9) + 10, 60 * (number // 9) + 30) for number in range(27)]
    thickness = {box.get_linewidth() for some in (page, page[20:]) for box in explained(some).axes[0].patches}
    assert len(thickness) == 1
    small = plots.explanation("", {"as read": np.zeros((3000, 4000), np.uint8)}, page, [""] * 27)
    assert small.axes[0].patches[0].get_linewidth() < min(thickness)
    assert texts(small.axes[0]) == []  # letters so small cannot be read


def test_an_explanation_says_why_a_digit_is_unsure_and_believes_no_bar_of_it():
    figure = explained(
        [read(1, 50, 50, share=0.8), read(8, 150, 50, least=2.0), read(3, 250, 50)], ["", "unlike any digit", "3 or 5"]
    )
    assert titles(figure)[1::2] == ["1  73 %", "unsure: unlike any digit", "unsure: 3 or 5"]
    assert texts(figure.axes[0]) == ["1", "8?", "3?"]
    one, in_word, other = ([bar.get_height() for bar in axes.patches] for axes in figure.axes[2::2])
    assert (one[1], one[11]) == pytest.approx((0.91, 0.728))
    assert (in_word[8], in_word[18]) == pytest.approx((0.91, 0))
    assert (other[3], other[13]) == pytest.approx((0.91, 0.91))
    assert "pale: if it is a digit at all" in [text.get_text() for text in figure.texts]


def test_an_explanation_has_room_for_a_title_of_several_lines():
    figure = explained([read(1, 50, 50)], title="a.png:\n1\n(left out: 1 mark)")
    title = figure.texts[0].get_window_extent()
    assert title.y0 > figure.axes[0].title.get_window_extent().y1
