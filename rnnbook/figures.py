"""Figures that several chapters draw: a slider over frames, and a recurrent network unrolled."""

import html
import io
import re
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnnbook.style import BLACK, BLUE, SVG_METADATA, VERMILION


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

    The figure holds the artists of *all* frames; what is in no frame always shows. For each position,
    ``frames`` holds its artists and ``readouts`` what the slider says: the value and the number that
    matters there. ``name`` is unique in the page, of letters, digits and hyphens; ``label`` is what is
    moved, as ``"context length k"``; ``alt`` says what is seen, and how it changes along the slider;
    ``start`` is the position at first, and the only one seen in print and without script.
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


def unrolled_graph(ax, steps, *, start="h_0", backward=False, red_box=None, cuts=()):
    """Draw a recurrent network unrolled over steps: x_t, h_t, y_t and the loss of each step.

    Column 0 is the initial state, column ``k`` the step ``steps[k - 1]``; the rows 0 to 3 are x, h, y and
    the loss. So node ``(column, row)`` stands at these data coordinates, for callers that add to it.

    ``steps`` are subscripts, as ``[1, 2, 3]`` or ``["t-1", "t"]``; ``start`` names the state in column 0.
    ``backward`` also draws the gradients, dashed, against the arrows of the forward pass. ``red_box``
    ``(s, t)`` draws one path of the gradient, from the loss of column ``t`` to the state of column ``s``, fades
    all else, and frames the Jacobians on the path. ``cuts`` are columns ``s``: no gradient goes from
    column ``s + 1`` back to column ``s``. Five columns need about 6.2 x 4 inches.
    """
    names, last = ["x", "h", "y", r"\ell"], len(steps)
    label = [{1: start}] + [{row: f"{names[row]}_{{{step}}}" for row in range(4)} for step in steps]
    path = []  # the nodes that the gradient visits, if only one path is shown
    if red_box is not None:
        s, t = red_box
        path = [(t, 3), (t, 2)] + [(column, 1) for column in range(t, s - 1, -1)]

    def arrow(a, b, colour, style, **look):
        shift = 0.09 * np.sign(np.subtract(b, a))  # apart from the arrow of the other direction
        shift = np.array([-shift[1], shift[0]])  # always to the left of the direction of travel
        size = {"mutation_scale": 13, "shrinkA": 18, "shrinkB": 18, "linewidth": 1.8}
        look |= {"arrowstyle": "-|>", "color": colour, "linestyle": style}
        ax.add_patch(FancyArrowPatch(a + shift, b + shift, **size, **look))

    def name(a, b, text, colour):
        across = a[1] == b[1]
        place = np.add(a, b) / 2 + ((0, 0.14) if across else (-0.14, 0))
        align = {"va": "bottom", "ha": "center"} if across else {"va": "center", "ha": "right"}
        ax.text(*place, text, color=colour, fontsize=13, **align)

    def edge(a, b, weight):
        on_path, across = a in path and b in path, a[1] == b[1]
        under_box = {"zorder": 0.4} if across and not on_path else {}
        arrow(a, b, BLUE, "-", **({"alpha": 0.25, **under_box} if path else {}))
        if not path:
            name(a, b, weight, BLUE)
        elif on_path and across:
            name(a, b, f"$J_{{{steps[b[0] - 1]}}}$", BLACK)
        if backward and (on_path or not path) and not (across and a[0] in cuts):
            arrow(b, a, VERMILION, (0, (3, 1.5)))

    for column in range(last + 1):
        for row in label[column]:
            strength = 0.25 if path and (column, row) not in path else 1.0
            text = f"${label[column][row]}$"
            size = 17 if len(text.replace(names[3], "l")) < 8 else 11  # t-1 takes more room than 3
            disc = {"color": "white", "markeredgecolor": str(1 - strength), "zorder": 3}
            ax.plot(column, row, "o", markersize=35, **disc)
            style = {"fontsize": size, "alpha": strength, "zorder": 4}
            ax.text(column, row, text, ha="center", va="center", **style)
        if column:
            edge((column - 1, 1), (column, 1), "$W_{hh}$")
            for row, weight in enumerate(["$W_{xh}$", "$W_{hy}$", ""]):
                edge((column, row), (column, row + 1), weight)
    if path:
        corners = "round,pad=0,rounding_size=0.12"
        look = {"facecolor": "#fdeee3", "edgecolor": VERMILION, "linewidth": 3, "zorder": 0.5}
        ax.add_patch(FancyBboxPatch((s - 0.32, 0.62), t - s + 0.64, 0.88, corners, **look))
    for column in cuts:
        x = column + 0.47
        ax.plot([x, x], [0.6, 1.02], color=BLACK, linestyle="-", linewidth=2.4)
        ax.text(x, 0.56, "✂", ha="center", va="top", fontsize=16)
    ax.set(xlim=(-0.4, last + 0.4), ylim=(-0.4, 3.4))
    ax.set_axis_off()
