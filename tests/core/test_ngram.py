"""The count model counts, smooths, scores and samples as the formulas of chapter 2 say."""

import numpy as np
import pytest

from rnncore.data import Vocabulary, load_names, split
from rnncore.ngram import NGram, fit_kneser_ney, fit_ngram

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
        other = NGram(0, 3, {(): rng.dirichlet(np.ones(3))}, 0.0)
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
    endless = NGram(0, 2, {(): np.array([0.0, 1.0])}, 0.0)
    assert endless.sample(np.random.default_rng(0), max_length=7) == [1] * 7
    assert endless.sample(np.random.default_rng(0)) == [1] * 30


def test_a_symbol_that_never_came_costs_infinitely_much():
    assert fit_ngram([np.array([1, 1])], k=0, size=3, alpha=0.0).nll([np.array([2])]) == np.inf


def test_kneser_ney_by_hand():
    # with the boundaries, the sequences are .12. and .11.
    model = fit_kneser_ney(SEQUENCES, k=1, size=3, discount=0.5)
    # . came after 2 and after 1; 1 after . and after 1; 2 after 1 alone
    assert model.counts[()].tolist() == [2, 2, 1]
    assert {c: n.tolist() for c, n in model.counts.items() if c} == {
        (0,): [0, 2, 0],
        (1,): [1, 1, 1],
        (2,): [1, 0, 0],
    }
    shorter = (
        np.array([1.5, 1.5, 0.5]) + 0.5 * 3 * (1 / 3)
    ) / 5  # (2, 2, 1): what is taken off, uniform
    np.testing.assert_allclose(shorter, [0.4, 0.4, 0.2])
    after_1 = (np.array([0.5, 0.5, 0.5]) + 0.5 * 3 * shorter) / 3
    np.testing.assert_allclose(model.probabilities([2, 1]), after_1, rtol=1e-14)
    after_2 = np.array([0.5, 0, 0]) + 0.5 * shorter
    np.testing.assert_allclose(model.probabilities([2]), after_2, rtol=1e-14)


def test_kneser_ney_counts_contexts_not_occurrences():
    # 3 comes five times, always after 2; 1 comes three times, after three symbols
    sequences = [np.array([2, 3])] * 5 + [np.array([1]), np.array([4, 1]), np.array([5, 1])]
    model = fit_kneser_ney(sequences, k=1, size=7, discount=0.75)
    after_unseen = model.probabilities([6])
    np.testing.assert_allclose(after_unseen, fit_kneser_ney(sequences, 1, 7, 0.75)._after((6,)))
    assert after_unseen[1] > 2 * after_unseen[3]
    usual = fit_ngram(sequences, k=0, size=7, alpha=0.1).probabilities([])
    assert usual[3] > usual[1]


@pytest.fixture(scope="module")
def names():
    texts = load_names()
    vocabulary = Vocabulary.of(texts, boundary=".")
    parts = split(texts, np.random.default_rng(0))
    return [[vocabulary.encode(text) for text in part] for part in parts], len(vocabulary)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_every_distribution_sums_to_one(names, k):
    (train, *_), V = names
    rng = np.random.default_rng(0)
    for model in (fit_ngram(train, k, V, 0.1), fit_kneser_ney(train, k, V, 0.75)):
        for length in range(7):
            p = model.probabilities(rng.integers(V, size=length))
            assert p.sum() == pytest.approx(1, abs=1e-12)
            assert p.min() > 0


def test_kneser_ney_is_the_strong_count_model_of_names(names):
    (train, _, test), V = names
    scores = {k: fit_kneser_ney(train, k, V, 0.75).nll(test) for k in (2, 3, 4)}
    assert scores[4] == pytest.approx(1.886, abs=0.001)
    assert scores[4] < scores[3] < scores[2] < 2.08
    assert min(fit_ngram(train, 3, V, alpha).nll(test) for alpha in (0.03, 0.1, 0.3)) > 2.03


def test_kneser_ney_without_context_is_the_unigram_with_a_discount():
    model = fit_kneser_ney(SEQUENCES, k=0, size=3, discount=0.5)
    expected = (np.array([1.5, 2.5, 0.5]) + 0.5 * 3 * (1 / 3)) / 6
    np.testing.assert_allclose(model.probabilities([1]), expected)


def test_a_model_does_not_change():
    for model in (fit_ngram([[1]], 1, 2, 0), fit_kneser_ney([[1]], 1, 2, 0.5)):
        with pytest.raises(AttributeError):
            model.k = 2
