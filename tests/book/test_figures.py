"""What figures put into a page: a slider that shows one frame, ids of its own; arrows of the graph."""

import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import rnnbook
from rnnbook import BLUE, VERMILION, slider, unrolled_graph

STYLE = matplotlib.rc_params_from_file(
    Path(rnnbook.__file__).with_name("book.mplstyle"), use_default_template=False
)
COLOURS = [
    "BLUE",
    "VERMILION",
    "GREEN",
    "PURPLE",
    "BLACK",
]  # the sky fills shapes, and names nothing


def drawn(name="demo", **options):
    figure, axis = plt.subplots()
    frames = [axis.plot([0, 1], [k, 1]) + axis.plot([0, 1], [1, k]) for k in range(3)]
    return slider(
        figure,
        frames,
        ["k = 0 & <all>", "k = 1", "k = 2"],
        name=name,
        label="the k",
        alt='Lines "cross"',
        **options,
    ).data


@pytest.fixture(autouse=True)
def agg():
    plt.switch_backend("agg")


@pytest.mark.parametrize("name", COLOURS)
def test_letters_can_be_read_in_the_colours_of_lines(name):
    light = np.array(to_rgb(getattr(rnnbook, name)))
    linear = np.where(light <= 0.03928, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    contrast = 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    assert contrast >= 4.5  # to white


def test_lines_are_drawn_in_these_colours():
    cycle = STYLE["axes.prop_cycle"].by_key()["color"]
    assert set(cycle) == {getattr(rnnbook, name).lower() for name in [*COLOURS, "SKY"]}


@pytest.mark.parametrize(
    "key", ["font.size", "axes.titlesize", "axes.labelsize", "legend.fontsize"]
)
def test_the_letters_of_a_figure_have_ten_pixels_on_a_telephone(key):
    width = 72 * STYLE["figure.figsize"][0]  # in points, and on a telephone 390 pixels
    assert float(STYLE[key]) * 390 / width >= 10


def test_one_frame_shows_and_all_are_there():
    page = drawn(start=1)
    frames = re.findall(r'<g class="frame" data-frame="(\d)"( visibility="hidden")?', page)
    assert [k for k, _ in frames] == ["0", "0", "1", "1", "2", "2"]
    assert [k for k, hidden in frames if not hidden] == ["1", "1"]
    assert 'max="2" value="1"' in page
    assert ">k = 1</output>" in page


def test_texts_are_escaped_and_the_drawing_is_named():
    page = drawn()
    assert "k = 0 &amp; &lt;all&gt;" in page
    assert 'role="img" aria-label="Lines &quot;cross&quot;"' in page
    assert '<label for="demo-range">the k</label>' in page


def test_every_id_begins_with_the_name_and_every_reference_resolves():
    page = drawn("one")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(found == "one" or found.startswith("one-") for found in ids)
    references = re.findall(r'(?:href="#|url\(#)([^")]+)', page)
    assert references
    assert set(references) <= set(ids)


def test_the_same_drawing_gives_the_same_bytes():
    with plt.rc_context({"svg.hashsalt": "fixed"}):
        assert drawn() == drawn()


def test_the_drawing_is_closed():
    open_before = plt.get_fignums()
    drawn()
    assert plt.get_fignums() == open_before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"name": "two words"},
            "name must be made of letters, digits and hyphens, got 'two words'",
        ),
        ({"start": 3}, "start 3"),
        ({"start": -1}, "start -1"),
    ],
)
def test_bad_sliders_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        drawn(**options)


def test_frames_and_readouts_must_match():
    figure, axis = plt.subplots()
    with pytest.raises(ValueError, match=r"each of the 1 frames .* got 2 readouts"):
        slider(figure, [axis.plot([1])], ["a", "b"], name="x", label="x", alt="x")


def arrows(ax, colour):
    """Direction of every arrow of a colour, as (columns, rows) it moves."""
    found = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    ends = [p._posA_posB for p in found if same_color(p.get_edgecolor(), colour)]
    return sorted((round(b[0] - a[0]), round(b[1] - a[1])) for a, b in ends)


@pytest.fixture
def ax():
    return Figure(figsize=(6.2, 3.4)).subplots()


def test_forward_arrows_and_shared_weights(ax):
    unrolled_graph(ax, [1, 2, 3])
    assert arrows(ax, BLUE) == [(0, 1)] * 9 + [(1, 0)] * 3
    assert arrows(ax, VERMILION) == []
    texts = [text.get_text() for text in ax.texts]
    for weight in ("$W_{xh}$", "$W_{hh}$", "$W_{hy}$"):
        assert texts.count(weight) == 3
    assert {"$h_0$", "$x_{1}$", "$h_{3}$", r"$\ell_{2}$"} <= set(texts)


def test_backward_arrows_oppose_the_forward_ones_and_stop_at_cuts(ax):
    unrolled_graph(ax, [1, 2, 3], backward=True, cuts=[1])
    assert arrows(ax, VERMILION) == [(-1, 0)] * 2 + [(0, -1)] * 9
    assert sum(text.get_text() == "✂" for text in ax.texts) == 1


def test_red_box_frames_the_states_between_two_steps(ax):
    unrolled_graph(ax, ["s", "s+1", "t"], start="h_{s-1}", backward=True, red_box=(1, 3))
    (box,) = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    assert 0 < box.get_x() < 1
    assert 3 < box.get_x() + box.get_width() < 4
    assert box.get_y() < 1 < box.get_y() + box.get_height()
    assert (
        arrows(ax, VERMILION) == [(-1, 0)] * 2 + [(0, -1)] * 2
    )  # one path, from the loss of t to h_s
    texts = [text.get_text() for text in ax.texts]
    assert {"$J_{s+1}$", "$J_{t}$"} <= set(texts)
    assert "$J_{s}$" not in texts
    ax.figure.canvas.draw()  # every label is valid mathtext
