"""The count model counts, smooths, scores and samples as the formulas of chapter 2 say."""

import numpy as np
import pytest

from rnncore.ngram import NGram, fit_ngram

SEQUENCES = [np.array([1, 2]), np.array([1, 1])]


def test_counts_by_hand():
    model = fit_ngram(SEQUENCES, k=1, size=3, alpha=0.0)
    expected = {(0,): [0, 2, 0], (1,): [1, 1, 1], (2,): [1, 0, 0]}
    assert model.counts.keys() == expected.keys()
    for context, counts in expected.items():
        assert model.counts[context].tolist() == counts


def test_probabilities_by_hand():
    model = fit_ngram(SEQUENCES, k=1, size=3, alpha=0.5)
    np.testing.assert_allclose(model.probabilities([1]), [1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(model.probabilities([]), [0.5 / 3.5, 2.5 / 3.5, 0.5 / 3.5])
    np.testing.assert_allclose(model.probabilities([1, 2]), [1.5 / 2.5, 0.5 / 2.5, 0.5 / 2.5])
    np.testing.assert_allclose(
        fit_ngram(SEQUENCES, 0, 3, 0.0).probabilities([2]), [2 / 6, 3 / 6, 1 / 6]
    )


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_an_unseen_context_is_uniform(alpha):
    model = fit_ngram(SEQUENCES, k=2, size=3, alpha=alpha)
    np.testing.assert_allclose(model.probabilities([2, 2]), [1 / 3] * 3)


def test_short_contexts_are_filled_with_the_boundary():
    model = fit_ngram(SEQUENCES, k=3, size=3, alpha=0.0)
    np.testing.assert_allclose(model.probabilities([1]), [0, 0.5, 0.5])
    np.testing.assert_allclose(model.probabilities([0, 0, 1]), [0, 0.5, 0.5])


def test_nll_by_hand_counts_the_ends():
    model = fit_ngram(SEQUENCES, k=1, size=3, alpha=0.0)
    # 1 after the start: 1; 2 after 1: 1/3; the end after 2: 1
    assert model.nll([np.array([1, 2])]) == pytest.approx(np.log(3) / 3)
    assert isinstance(model.nll(SEQUENCES), float)


def test_no_distribution_fits_the_training_data_better_than_shares():
    rng = np.random.default_rng(0)
    best = fit_ngram(SEQUENCES, 0, 3, 0.0)
    for _ in range(50):
        other = NGram(0, 3, 0.0, {(): rng.dirichlet(np.ones(3))})
        assert other.nll(SEQUENCES) >= best.nll(SEQUENCES)


def test_samples_follow_the_model_and_repeat_with_the_seed():
    model = fit_ngram(SEQUENCES, k=1, size=3, alpha=0.0)
    rng = np.random.default_rng(0)
    drawn = [model.sample(rng) for _ in range(3000)]
    assert all(sequence[0] == 1 for sequence in drawn)
    assert abs(np.mean([sequence == [1] for sequence in drawn]) - 1 / 3) < 0.03
    assert abs(np.mean([sequence == [1, 2] for sequence in drawn]) - 1 / 3) < 0.03
    assert model.sample(np.random.default_rng(5)) == model.sample(np.random.default_rng(5))


def test_sampling_stops_at_max_length():
    endless = NGram(0, 2, 0.0, {(): np.array([0.0, 1.0])})
    assert endless.sample(np.random.default_rng(0), max_length=7) == [1] * 7
    assert endless.sample(np.random.default_rng(0)) == [1] * 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": -1}, "k must be an integer of at least 0, got -1"),
        ({"k": 1.0}, "k must be an integer"),
        ({"alpha": -0.1}, "alpha must be a finite number of at least 0, got -0.1"),
        ({"alpha": np.nan}, "alpha must be a finite number"),
        ({"sequences": [np.array([0, 1])]}, r"sequences must hold symbols in 1 .. 2"),
        ({"sequences": [np.array([3])]}, "sequences must hold symbols"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_ngram(**{"sequences": SEQUENCES, "k": 1, "size": 3, "alpha": 0.1} | arguments)


def test_bad_scores_and_samples_are_named():
    model = fit_ngram(SEQUENCES, k=1, size=3, alpha=0.1)
    with pytest.raises(ValueError, match="at least one sequence"):
        model.nll([])
    with pytest.raises(TypeError, match=r"rng must be a .*Generator, got int"):
        model.sample(3)


def test_a_model_does_not_change():
    with pytest.raises(AttributeError):
        fit_ngram([np.array([1])], k=1, size=2, alpha=0).k = 2
