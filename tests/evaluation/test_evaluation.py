import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, top_k_accuracy_score

from kaggle_digits import evaluation
from kaggle_digits.evaluation import metrics


def random_answers(rows=400, classes=10, seed=0, skill=2.0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += skill
    powers = np.exp(logits)
    return labels, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def answers():
    return random_answers()


@pytest.fixture(scope="module")
def report(answers):
    return evaluation.evaluate(*answers)


def test_agrees_with_scikit_learn(answers, report):
    labels, probabilities = answers
    predicted = probabilities.argmax(axis=1)
    assert report.accuracy == pytest.approx((predicted == labels).mean())
    assert report.loss == pytest.approx(log_loss(labels, probabilities), rel=1e-5)
    assert report.top_2_accuracy == pytest.approx(top_k_accuracy_score(labels, probabilities, k=2))
    assert report.confusion == confusion_matrix(labels, predicted).tolist()
    for score, expected in zip(
        report.labels.values(), zip(*precision_recall_fscore_support(labels, predicted), strict=True), strict=True
    ):
        assert (score.precision, score.recall, score.f1, score.support) == pytest.approx(expected)
    for name in ("macro", "weighted"):
        mean, expected = getattr(report, name), precision_recall_fscore_support(labels, predicted, average=name)
        assert (mean.precision, mean.recall, mean.f1) == pytest.approx(expected[:3])


def test_a_tie_does_not_count_for_the_truth():
    answers = np.array([[1, 0, 0, 0]] * 4, np.float32)
    assert evaluation.evaluate(np.arange(4), answers).top_2_accuracy == 0.5
    undecided = np.full((10, 10), 0.1, np.float32)
    assert evaluation.evaluate(np.arange(10), undecided).top_2_accuracy == 0.2


@given(st.lists(st.lists(st.sampled_from([0, 0.25, 0.5]), min_size=4, max_size=4), min_size=1, max_size=20))
def test_the_first_of_the_ranked_labels_is_the_predicted_one(rows):
    answers = np.array(rows, np.float32)
    ranks = evaluation.top_k(answers, 3)
    assert ranks[:, 0].tolist() == answers.argmax(axis=1).tolist()
    assert (np.diff(np.take_along_axis(answers, ranks, axis=1)) <= 0).all()
    report = evaluation.evaluate(answers.argmax(axis=1), answers)
    assert report.accuracy == report.top_2_accuracy == 1


def test_no_more_labels_are_ranked_than_there_are():
    assert evaluation.top_k(np.array([[0.2, 0.8]], np.float32), 5).tolist() == [[1, 0]]


def test_a_label_that_is_never_seen_or_said_scores_nothing():
    report = evaluation.evaluate(np.array([0, 0]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0]], np.float32))
    assert report.labels[1] == evaluation.Scores(0.0, 0.0, 0.0, 0)
    assert report.labels[2] == evaluation.Scores(0.0, 0.0, 0.0, 0)


def test_confused_pairs_come_most_frequent_first(report):
    counts = [count for _, _, count in report.confused]
    assert counts == sorted(counts, reverse=True)
    actual, predicted, count = report.confused[0]
    assert actual != predicted
    assert report.confusion[actual][predicted] == count


def test_wilson_interval_against_published_values():
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
    assert evaluation.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert evaluation.wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert evaluation.wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert evaluation.wilson_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_interval_holds_the_share_and_stays_a_share(rows, share):
    right = round(rows * share)
    low, high = evaluation.wilson_interval(right, rows)
    assert 0 <= low <= right / rows + 1e-12
    assert right / rows - 1e-12 <= high <= 1


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.55, 0.55], np.float32)
    right = np.array([True, True, True, False])
    # Two bins of two rows: |1 - 0.95| and |0.5 - 0.55|, each weighing a half.
    assert metrics.calibration_error(confidence, right) == pytest.approx(0.05, abs=1e-6)
    assert metrics.calibration_error(np.ones(3, np.float32), np.array([True, True, True])) == 0


def test_a_confidence_of_1_is_in_the_last_bin():
    assert metrics.confidence_bins(np.array([0, 0.5, 1], np.float32)).tolist() == [0, 7, 14]


def test_perfect_answers():
    report = evaluation.evaluate(np.arange(10), np.eye(10, dtype=np.float32))
    assert (report.accuracy, report.loss, report.calibration_error, report.confused) == (1, 0, 0, [])
    assert report.interval[1] == pytest.approx(1)
    assert report.as_json()["macro"]["f1"] == 1
    assert list(report.as_json()["labels"]) == [str(label) for label in range(10)]


def test_mcnemar_agrees_with_the_binomial_test():
    rng = np.random.default_rng(1)
    first, second = rng.random(500) < 0.9, rng.random(500) < 0.93
    comparison = evaluation.mcnemar(first, second)
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    expected = binomtest(only_first, only_first + only_second, 0.5).pvalue
    assert (comparison.only_first_right, comparison.only_second_right) == (only_first, only_second)
    assert comparison.p_value == pytest.approx(expected)
    assert comparison.accuracies == (first.mean(), second.mean())


def test_mcnemar_of_two_that_never_differ_is_no_difference():
    assert evaluation.mcnemar(np.ones(3, bool), np.ones(3, bool)).p_value == 1


def test_mcnemar_survives_thousands_of_differences():
    first = np.arange(40_000) % 2 == 0
    assert evaluation.mcnemar(first, ~first).p_value == pytest.approx(1)
    assert evaluation.mcnemar(first, np.zeros(40_000, bool)).p_value < 1e-300


@pytest.mark.parametrize(
    ("right", "rows", "rows_to_come"), [(97, 100, 50), (41_900, 42_000, 28_000), (10, 10, 5), (0, 7, 9)]
)
def test_the_expected_range_holds_95_of_100_beta_binomial_draws(right, rows, rows_to_come):
    low, high = evaluation.expected_range(right, rows, rows_to_come)
    theirs = betabinom(rows_to_come, right + 0.5, rows - right + 0.5)
    assert round(low * rows_to_come) == theirs.ppf(0.025)
    assert round(high * rows_to_come) == theirs.ppf(0.975)


def test_what_averaging_may_gain_widens_the_range_upwards():
    alone = evaluation.expected_range(980, 1000, 500)
    together = evaluation.expected_range(980, 1000, 500, gain=0.005)
    assert together[0] == alone[0]
    assert together[1] > alone[1]
    assert evaluation.expected_range(1000, 1000, 500, gain=0.5)[1] == 1


def test_averaging_gains_nothing_where_all_agree_and_what_is_likelier_where_not():
    truth = np.array([[0.9, 0.1], [0.7, 0.3]], np.float32)
    agreed = np.array([0, 0])
    assert evaluation.gain_of_averaging(truth, agreed, [agreed, agreed]) == 0
    assert evaluation.gain_of_averaging(truth, agreed, [agreed, np.array([0, 1])]) == pytest.approx(0.4 / 2 / 2)
