"""The sequences of chapter 1: stock prices, from the file that Matplotlib brings, and a plucked string."""

import csv

import numpy as np
from matplotlib import cbook

from rnncore import arguments
from rnncore.arguments import Array, Rng


def load_stock_prices() -> tuple[np.ndarray, np.ndarray]:
    """390 monthly closing values of the S&P 500 index (``^GSPC``), January 1990 to June 2022.

    Returns ``months (N,)`` of dtype ``datetime64[M]`` and ``prices (N,)`` in index points. The file
    holds blank rows between the months, and its last month twice; both are dropped.

    Source: ``Stocks.csv``, which Matplotlib ships; its first line names the origin. Chapter 1.
    """
    with cbook.get_sample_data("Stocks.csv") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    column = rows[0].index("^GSPC")
    prices = {row[0][:7]: float(row[column]) for row in rows[1:] if row[column]}
    return np.array(list(prices), dtype="datetime64[M]"), np.array(list(prices.values()))


def plucked_string(frequency: float, seconds: float, rate: int, rng: Rng) -> Array:
    """The sound of a plucked string: a burst of noise that a delay line keeps averaging.

    ``x_t = (x_{t-P} + x_{t-P-1}) / 2`` with the delay ``P = rate / frequency``, rounded, in samples. The tone has
    the period ``P + 1/2``.

    Takes ``frequency`` in hertz, ``seconds`` of sound, ``rate`` in samples per second, and the
    generator of the first ``P + 1`` samples, uniform in [-1, 1]. Returns ``x (seconds * rate,)``.
    Raises ``ValueError`` where the sound is shorter than one period, or the period below 2 samples.

    Source: Karplus and Strong (1983). Chapter 1.
    """
    arguments.integers(1, rate=rate)
    arguments.number("frequency", frequency, f"(0, {rate / 2:g}]")
    arguments.number("seconds", seconds, "(0, 3600]")
    arguments.rng(rng)
    length = round(seconds * rate)
    if length <= rate / frequency:
        raise ValueError(f"seconds must be more than a period, {1 / frequency:g}, got {seconds}")
    period = round(rate / frequency)
    x = np.empty(length)
    x[: period + 1] = rng.uniform(-1, 1, period + 1)[:length]
    for t in range(period + 1, length):
        x[t] = (x[t - period] + x[t - period - 1]) / 2
    return x
