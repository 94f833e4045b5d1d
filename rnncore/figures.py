"""What the figures of the book share: the format, a slider over frames, and sound in the page."""

import base64
import html
import io
import re
import wave
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

# One colour per role, the same in every chapter (Okabe and Ito, safe for every colour vision).
BLUE, VERMILION, GREEN, PURPLE, SKY, BLACK = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#000000",
)
SVG_METADATA = {"Date": None, "Creator": None}  # the same drawing gives the same bytes


def use_book_style() -> None:
    """Make inline figures SVG without a date. Colours and sizes stand in ``chapters/matplotlibrc``."""
    set_matplotlib_formats("svg", metadata=SVG_METADATA)


def slider(
    figure: Figure,
    frames: Sequence[Sequence[Artist]],
    readouts: Sequence[str],
    *,
    name: str,
    label: str,
    alt: str,
    start: int = 0,
) -> HTML:
    """A figure that the reader moves, without a kernel: one drawing in which one frame shows at a time.

    Parameters
    ----------
    figure : a figure that holds the artists of *all* frames; what is in no frame always shows
    frames : for each position of the slider, its artists
    readouts : for each position, what the slider says: the value and the number that matters there
    name : unique in the page; letters, digits and hyphens
    label : what is moved, for example ``"context length k"``
    alt : says what is seen, and how it changes along the slider
    start : the position at first, and the only one seen in print and without script

    Raises ``ValueError`` for a ``name`` of other characters, or where frames and readouts differ in number.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise ValueError(f"name must be made of letters, digits and hyphens, got {name!r}")
    if not len(frames) == len(readouts) > start >= 0:
        raise ValueError(
            f"readouts must hold one text for each of the {len(frames)} frames and start one of "
            f"their numbers, got {len(readouts)} readouts and start {start}"
        )
    for k, artists in enumerate(frames):
        for i, artist in enumerate(artists):
            artist.set_gid(f"frame-{k}-{i}")
    svg = _svg(figure, name)
    svg = re.sub(
        rf'<g id="{name}-frame-(\d+)-\d+"',
        lambda group: (
            f'<g class="frame" data-frame="{group[1]}"'
            + ("" if int(group[1]) == start else ' visibility="hidden"')
        ),
        svg,
    )
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1)
    texts = "".join(f"<li>{html.escape(text)}</li>" for text in readouts)
    return HTML(
        f'<div class="rnn-slider" id="{name}">{svg}<div class="rnn-slider-controls">'
        f'<label for="{name}-range">{html.escape(label)}</label>'
        f'<input type="range" id="{name}-range" min="0" max="{len(frames) - 1}" value="{start}">'
        f'<output for="{name}-range">{html.escape(readouts[start])}</output>'
        f"<ul hidden>{texts}</ul></div></div><script>{_MOVE % name}</script>"
    )


# Runs in the built page and in JupyterLab alike, so it stands with the figure it moves.
_MOVE = """(() => {
  const root = document.getElementById("%s"), input = root.querySelector("input");
  const texts = [...root.querySelectorAll("li")].map(item => item.textContent);
  const move = () => {
    for (const frame of root.querySelectorAll(".frame"))
      frame.setAttribute("visibility", frame.dataset.frame === input.value ? "visible" : "hidden");
    root.querySelector("output").textContent = texts[input.value];
    input.setAttribute("aria-valuetext", texts[input.value]);
  };
  input.addEventListener("input", move);
  move();
})();"""


def _svg(figure: Figure, name: str) -> str:
    """The drawing as SVG text whose ids begin with ``name``, so that a page can hold several."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=SVG_METADATA, bbox_inches="tight")
    plt.close(figure)
    svg = file.getvalue()
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(?<= id=")', f"{name}-", svg)
    return re.sub(r'(?<=href="#)|(?<=url\(#)', f"{name}-", svg)


def sound(samples: np.ndarray, rate: int, label: str) -> HTML:
    """A player for ``samples (N,)`` at ``rate`` samples per second, scaled to their largest value."""
    samples = np.asarray(samples, dtype=float)
    if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
        raise ValueError(f"samples must be finite, of shape (N,), got shape {samples.shape}")
    peak = np.abs(samples).max() or 1.0
    file = io.BytesIO()
    with wave.open(file, "wb") as sink:
        sink.setnchannels(1)
        sink.setsampwidth(2)
        sink.setframerate(rate)
        sink.writeframes(np.round(samples / peak * 32767).astype("<i2").tobytes())
    source = base64.b64encode(file.getvalue()).decode()
    return HTML(
        f'<div class="rnn-sound"><audio controls aria-label="{html.escape(label)}" '
        f'src="data:audio/wav;base64,{source}"></audio></div>'
    )
