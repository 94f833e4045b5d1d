"""Every argument of every public function and method is checked, and a bad value named.

That is rnncore, and of rnnbook what computes; what draws there has its tests in tests/book.

The doors and their arguments are found by introspection. A new one fails here until it has good
arguments (GOOD) and a near miss (CASES); the junk of JUNK comes to it by itself. A refusal is a
ValueError or TypeError that says ``<argument> must <be so>, got <what came>``.
"""

import copy
import inspect
import re
import signal
from dataclasses import fields, is_dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import rnncore
from rnnbook import sequences, side_by_side, tasks
from rnncore import (
    Adam,
    DivergedError,
    GRUCell,
    LSTMCell,
    RNNCell,
    SequenceModel,
    data,
    forward,
    mean_squared_error,
    ngram,
    softmax_cross_entropy,
)

# ---------------------------------------------------------------- the doors, by introspection

NOT_DOORS = {  # a class stands for its constructor, .* for its methods
    "DivergedError": "what a door raises",
    "DivergedError.*": "those of ValueError",
    "load_stock_prices": "it takes no argument",
    "Task": "what a door returns",
    "Task.*": "those of a tuple",
    "CountModel": "the base of NGram and KneserNey",
    "CountModel.*": "NGram and KneserNey inherit them",
    "NGram": "what fit_ngram returns",
    "KneserNey": "what fit_kneser_ney returns",
    **{
        f"{cell}.{method}": "called by bptt.py alone, with what its doors have checked"
        for cell in ("RNNCell", "LSTMCell", "GRUCell")
        for method in ("step", "step_backward", "check_params")
    },
}


def public_names():
    """Yield (name, function) of every public function, constructor and method."""
    things = {name: getattr(rnncore, name) for name in rnncore.__all__}
    for module in (data, ngram, sequences, side_by_side, tasks):
        things |= {
            name: thing
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
        }
    for name, thing in things.items():
        yield name, thing
        if not inspect.isclass(thing) or f"{name}.*" in NOT_DOORS:
            continue
        values = {field.name for field in fields(thing)} if is_dataclass(thing) else set()
        for method in dir(thing):
            if not method.startswith("_") and method not in values:
                value = getattr(thing, method)
                if inspect.isroutine(value):
                    yield f"{name}.{method}", value


NAMES = dict(public_names())
DOORS = {  # door: its parameters; a constructor is called by the name of its class
    name: {
        argument: parameter
        for argument, parameter in inspect.signature(function).parameters.items()
        if argument != "self"
    }
    for name, function in NAMES.items()
    if name not in NOT_DOORS
}
ARGUMENTS = [(door, argument) for door, parameters in DOORS.items() for argument in parameters]

# ---------------------------------------------------------------- good arguments

T, B, D, H, V = 4, 3, 2, 5, 6  # all different, so that no wrong order fits


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


RNG = np.random.default_rng(0)
CELL, MODEL = LSTMCell(D, H), SequenceModel(LSTMCell(D, H), V)
PARAMS, MODEL_PARAMS = CELL.init_params(RNG), MODEL.init_params(RNG)
X, STATE, MASK = normal(T, B, D), normal(B, 2 * H), np.arange(T)[:, None] < [4, 2, 3]
TARGETS = np.arange(T * B).reshape(T, B) % V
CACHE = forward(CELL, PARAMS, X).cache
GRADS = {"W": normal(2, 3), "b": normal(3)}
WRITER = SequenceModel(GRUCell(V, H), V)
SEQUENCES = [np.array([1, 2, 3, 1]), np.array([2, 3])]
SIZES = {"input_size": D, "hidden_size": H}
TRAINING = {"model": MODEL, "params": MODEL_PARAMS, "optimizer": Adam(), "max_norm": 1.0}
TRAINING["progress"] = False
N = 7  # networks side by side
MANY_NETWORKS = [SequenceModel(RNNCell(D, H), V).init_params(RNG) for _ in range(N)]
MANY = {"params": side_by_side.stack(MANY_NETWORKS), "x": normal(T, N, B, D)}
MANY_STATE, MANY_TARGETS = normal(N, B, H), np.arange(2 * N * B).reshape(2, N, B) % V


def sum_of_squares(arrays):
    arrays = arrays.values() if isinstance(arrays, dict) else [arrays]
    return sum(float((array**2).sum()) for array in arrays)


GOOD = {
    "RNNCell": {**SIZES, "activation": "relu"},
    "LSTMCell": SIZES,
    "GRUCell": SIZES,
    "RNNCell.init_params": {"rng": RNG, "dtype": np.float64, "identity": False},
    "LSTMCell.init_params": {"rng": RNG, "dtype": np.float64, "forget_bias": 1.0},
    "GRUCell.init_params": {"rng": RNG, "dtype": np.float64},
    "forward": {"cell": CELL, "params": PARAMS, "x": X, "state": STATE},
    "backward": {
        "cell": CELL, "params": PARAMS, "dh": normal(T, B, H), "cache": CACHE, "dstate": STATE,
    },
    "state_jacobian": {"cell": CELL, "params": PARAMS, "x": X[:, :1], "state": STATE[:1]},
    "softmax_cross_entropy": {"logits": normal(T, B, V), "targets": TARGETS, "mask": MASK},
    "mean_squared_error": {"y": normal(T, B, V), "targets": normal(T, B, V), "mask": MASK},
    "SequenceModel": {"cell": CELL, "output_size": V, "loss": softmax_cross_entropy},
    "SequenceModel.init_params": {
        "rng": RNG, "dtype": np.float64, "cell_options": {"forget_bias": 1.0},
    },
    "SequenceModel.forward": {"params": MODEL_PARAMS, "x": X, "state": STATE},
    "SequenceModel.loss_and_grads": {
        "params": MODEL_PARAMS, "x": X, "targets": TARGETS, "state": STATE, "mask": MASK,
    },
    "sample": {
        "model": WRITER, "params": WRITER.init_params(RNG), "prompt": [1, 0], "length": 2,
        "rng": RNG, "temperature": 0.5,
    },
    "global_norm": {"grads": GRADS},
    "clip_grad_norm": {"grads": GRADS, "max_norm": 1.0},
    "Adam": {"lr": 0.1},
    "Adam.step": {"params": {k: 2 * g for k, g in GRADS.items()}, "grads": GRADS},
    "train_batches": {**TRAINING, "batches": [(X, TARGETS, MASK), (X, TARGETS, None)]},
    "train_tbptt": {
        **TRAINING, "x": X, "targets": TARGETS, "mask": MASK, "window": 3, "epochs": 2,
    },
    "numerical_grad": {"f": sum_of_squares, "array": normal(2, 3), "eps": 1e-6},
    "check_grads": {
        "f": sum_of_squares, "arrays": GRADS, "grads": {k: 2 * g for k, g in GRADS.items()},
        "rtol": 1e-6, "rng": RNG, "max_entries": None,
    },
    "load_names": {},
    "plucked_string": {"frequency": 100, "seconds": 1.0, "rate": 1000, "rng": RNG},
    "split": {"items": list("abcde"), "rng": RNG, "parts": (0.6, 0.4)},
    "Vocabulary": {"symbols": "abc"},
    "Vocabulary.of": {"texts": ["ab", "cab"], "boundary": "."},
    "Vocabulary.encode": {"text": "ab"},
    "Vocabulary.decode": {"ids": [0, 1]},
    "one_hot": {"ids": TARGETS, "size": V},
    "pad": {"sequences": SEQUENCES},
    "next_symbol_task": {"sequences": SEQUENCES, "size": 4},
    "delayed_recall": {"length": 5, "batch_size": 2, "delay": 2, "rng": RNG},
    "temporal_order": {"length": 10, "batch_size": 2, "rng": RNG},
    "adding_problem": {"length": 5, "batch_size": 2, "rng": RNG},
    "stack": {"networks": MANY_NETWORKS},
    "SideBySide": {"activation": "relu"},
    "SideBySide.states": {**MANY, "state": MANY_STATE},
    "SideBySide.predict": MANY,
    "SideBySide.loss_and_grads": {**MANY, "targets": MANY_TARGETS, "state": MANY_STATE},
    "clip_each": {"grads": {"W": normal(N, 2, 3), "b": normal(N, 1, 3)}, "max_norm": 1.0},
    "train_side_by_side": {
        "model": side_by_side.SideBySide(), "params": MANY["params"], "optimizer": Adam(),
        "batches": [(MANY["x"], MANY_TARGETS)], "max_norm": 1.0,
    },
    "fit_ngram": {"sequences": SEQUENCES, "k": 2, "size": 4, "alpha": 0.5},
    "fit_kneser_ney": {"sequences": SEQUENCES, "k": 2, "size": 4, "discount": 0.5},
    **{
        f"{model}.{method}": arguments
        for model in ("NGram", "KneserNey")
        for method, arguments in {
            "probabilities": {"context": [1, 2]},
            "nll": {"sequences": SEQUENCES},
            "sample": {"rng": RNG, "max_length": 3},
        }.items()
    },
}  # fmt: skip
OWNERS = {  # whose methods are called
    "RNNCell": RNNCell(D, H), "LSTMCell": CELL, "GRUCell": GRUCell(D, H), "SequenceModel": MODEL,
    "Adam": Adam(), "SideBySide": side_by_side.SideBySide(), "Vocabulary": data.Vocabulary("abc"),
    "NGram": ngram.fit_ngram(SEQUENCES, 2, 4, 0.5),
    "KneserNey": ngram.fit_kneser_ney(SEQUENCES, 2, 4, 0.5),
}  # fmt: skip

# ---------------------------------------------------------------- what a refusal is

# Where arguments do not fit together, or one holds others, the error may name another one.
BLAMED = {
    ("SequenceModel.init_params", "cell_options"): ["forget_bias"],
    ("backward", "params"): ["cache"],
    ("softmax_cross_entropy", "logits"): ["targets"],
    ("mean_squared_error", "y"): ["targets"],
    ("Adam.step", "params"): ["grads"],
    ("check_grads", "arrays"): ["grads"],
    ("train_batches", "batches"): ["x", "targets", "mask"],
    ("plucked_string", "frequency"): ["seconds"],
    ("delayed_recall", "delay"): ["length"],
    ("train_side_by_side", "batches"): ["x", "targets"],
}


class Accepted(Exception):  # noqa: N818 - not an error
    """A door has refused nothing."""


def good(door):
    return copy.deepcopy(GOOD[door])  # calls change arrays, and draw from generators


def call(door, arguments):
    owner, _, method = door.partition(".")
    function = getattr(copy.deepcopy(OWNERS[owner]), method) if method else NAMES[door]
    arguments = dict(arguments)
    return function(**arguments.pop("cell_options", {}), **arguments)


def refusal(door, arguments, argument):
    """Return the message with which a door refuses an argument; fail where it is not clean."""
    # time of the processor: other tests may run beside this one
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    try:
        call(door, arguments)
    except Exception as caught:
        error = caught
    else:
        raise Accepted(f"{door} has refused nothing")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    message, names = str(error), "|".join([argument, *BLAMED.get((door, argument), [])])
    text = f"{type(error).__name__}: {message}"[:150]
    # not a class derived from these: NumPy has its own
    assert type(error) in (ValueError, TypeError, DivergedError), text
    clean = re.match(rf"({names})\b.* must .*, got .", message, re.DOTALL)
    assert clean, f"{text} (is not: {argument} must ..., got ...)"
    return message


@pytest.fixture(autouse=True)
def _limited_time():
    """Stop a door that does not come back: it has not refused."""

    def stop(signum, frame):
        raise TimeoutError("it does not come back")

    before = signal.signal(signal.SIGVTALRM, stop)
    yield
    signal.signal(signal.SIGVTALRM, before)


# ---------------------------------------------------------------- junk


class NoArray:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("this is no array")


class NoText:
    def __repr__(self):
        raise RuntimeError("this has no text")


def with_inside(value):
    """Return a function that puts a value into the middle of a copy of an array."""

    def spoil(array):
        array = array.astype(np.result_type(array.dtype, type(value)))
        array.flat[array.size // 2] = value
        return array

    return spoil


JUNK = {
    "None": None, "True": True, "0": 0, "-1": -1, "1.5": 1.5, "1j": 1j,
    "nan": np.nan, "inf": np.inf, "-inf": -np.inf, "huge": 10**400, "-huge": -(10**5000),
    "text": "a", "no text": "", "bytes": b"a", "object": object(), "class": list,
    "function": lambda *args, **kwargs: None, "no array": NoArray(), "no repr": NoText(),
    "[]": [], "{}": {}, "set": {1}, "ragged": [[1], [1, 2]], "[None]": [None],
    "0-d": np.array(0.5), "no entry": np.zeros(0), "no rows": np.zeros((2, 0, 3)),
    "four axes": np.zeros((1, 2, 3, 4)), "nan inside": np.array([np.nan]),
    "complex": np.ones(2, complex), "texts": np.array(["a"]), "objects": np.array([None, 1]),
    "times": np.array(["1990-01"], "datetime64[M]"), "record": np.zeros(2, "i4,f4"),
}  # fmt: skip
SPOILED = {  # functions of the good value: an array of its shape
    "its shape, complex": lambda array: array + 1j,
    "its shape, texts": lambda array: array.astype(str),
    "its shape, objects": lambda array: array.astype(object),
    "its shape, nan inside": with_inside(np.nan),
    "its shape, inf inside": with_inside(np.inf),
    "its shape, -inf inside": with_inside(-np.inf),
}

NO_SYMBOL = {"[]", "no entry", "used up"}
COMPLEX = {"its shape, complex"}
REAL = {"True", "0", "-1", "1.5", "0-d", "no rows", "four axes", *NO_SYMBOL}
COLLECTIONS = {
    "text", "bytes", "set", "ragged", "[None]", "no rows", "four axes", "nan inside", "complex",
    "texts", "objects", "times", "record",
}  # fmt: skip
ACCEPTED = [  # the junk that is right in some places
    # by default zero, everywhere, all
    ("forward.state SequenceModel.forward.state SequenceModel.loss_and_grads.state", {"None"}),
    ("backward.dstate softmax_cross_entropy.mask mean_squared_error.mask", {"None"}),
    ("SequenceModel.loss_and_grads.mask train_tbptt.mask", {"None"}),
    ("SideBySide.states.state SideBySide.loss_and_grads.state", {"None"}),
    ("check_grads.rng check_grads.max_entries", {"None"}),
    # a switch has two sides
    ("RNNCell.init_params.identity train_batches.progress train_tbptt.progress", {"True"}),
    # numbers in range
    ("Adam.lr numerical_grad.eps check_grads.rtol sample.temperature", {"1.5"}),
    ("plucked_string.frequency plucked_string.seconds", {"1.5"}),
    ("clip_grad_norm.max_norm train_batches.max_norm train_tbptt.max_norm", {"1.5", "inf"}),
    ("clip_each.max_norm train_side_by_side.max_norm", {"1.5", "inf"}),
    ("LSTMCell.init_params.forget_bias", {"0", "-1", "1.5"}),
    ("fit_ngram.alpha", {"0", "1.5"}),
    ("fit_ngram.k fit_kneser_ney.k delayed_recall.delay", {"0"}),
    ("sample.length NGram.sample.max_length KneserNey.sample.max_length", {"0"}),
    # any function will do until it is called
    ("SequenceModel.loss", {"function", "class"}),
    # collections of anything
    ("split.items", COLLECTIONS),
    ("split.items[-1]", {*JUNK, "used up"}),
    # a text is a collection of texts of length 1
    ("Vocabulary.of.texts", {"text", "texts"}),
    ("Vocabulary.of.texts[-1] Vocabulary.of.boundary Vocabulary.encode.text", {"text", "no text"}),
    ("Vocabulary.symbols", {"text"}),
    # no symbol is a sequence too
    ("Vocabulary.decode.ids NGram.probabilities.context", NO_SYMBOL),
    ("KneserNey.probabilities.context NGram.nll.sequences[-1]", NO_SYMBOL),
    ("KneserNey.nll.sequences[-1] fit_ngram.sequences[-1]", NO_SYMBOL),
    ("fit_kneser_ney.sequences[-1] next_symbol_task.sequences[-1]", NO_SYMBOL),
    ("fit_ngram.sequences fit_kneser_ney.sequences next_symbol_task.sequences", {"ragged"}),
    ("NGram.nll.sequences KneserNey.nll.sequences", {"ragged"}),
    ("one_hot.ids", {"0", "no rows", *NO_SYMBOL}),
    ("pad.sequences", {"ragged", "no rows", "four axes"}),
    ("pad.sequences[-1]", {"complex", *COMPLEX, *NO_SYMBOL}),
    # beside an integer NumPy takes True for 1
    ("sample.prompt[-1] Vocabulary.decode.ids[-1]", {"True", "0"}),
    ("NGram.probabilities.context[-1] KneserNey.probabilities.context[-1]", {"True", "0"}),
    # a complex step goes through forward and the losses
    ("softmax_cross_entropy.logits mean_squared_error.y", COMPLEX),
    ("SequenceModel.loss_and_grads.params['W_xh']", COMPLEX),
    # arrays of any shape
    ("numerical_grad.array", REAL),
    ("global_norm.grads['W'] global_norm.grads['b']", {"1j", "complex", *COMPLEX, *REAL}),
    ("clip_grad_norm.grads['W'] clip_grad_norm.grads['b']", {"1j", "complex", *COMPLEX, *REAL}),
    # the dtype of W_xh is that of all: this is how one takes a complex step
    ("forward.params['W_xh'] state_jacobian.params['W_xh']", COMPLEX),
    ("SequenceModel.forward.params['W_xh']", COMPLEX),
]


def places(door, argument):
    """Yield where junk is put: None, the argument, and each key of a dict or the last of a list."""
    if argument == "cell_options":  # they are arguments of the cell
        return
    yield None
    value = GOOD.get(door, {}).get(argument)
    yield from value if isinstance(value, dict) else ()
    yield from [-1] if isinstance(value, list | tuple) else ()


PLACES = {
    f"{door}.{argument}" + ("" if key is None else f"[{key!r}]"): (door, argument, key)
    for door, argument in ARGUMENTS
    for key in places(door, argument)
}


def attempts(place):
    """Yield (name of the junk, arguments of the door with the junk in this place)."""
    door, argument, key = PLACES[place]
    value = GOOD[door][argument]
    value = value if key is None else value[key]
    spoiled = SPOILED if isinstance(value, np.ndarray) else {}
    junk = JUNK | {"used up": iter([])} | {name: spoil(value) for name, spoil in spoiled.items()}
    for name, bad in junk.items():
        arguments = good(door)
        if key is not None:
            items = arguments[argument]
            items = dict(items) if isinstance(items, dict) else list(items)
            items[key], bad = bad, items
        yield name, {**arguments, argument: bad}


@pytest.mark.parametrize("place", PLACES)
def test_junk_is_refused(place):
    door, argument, _ = PLACES[place]
    accepted = {name for where, names in ACCEPTED if place in where.split() for name in names}
    problems = []
    for name, arguments in attempts(place):
        try:
            refusal(door, arguments, argument)
            outcome = "refused"
        except Accepted:
            outcome = "accepted"
        except AssertionError as failure:
            outcome = str(failure).splitlines()[0]
        if outcome != ("accepted" if name in accepted else "refused"):
            problems.append(f"{name}: {outcome}")
        accepted.discard(name)
    problems += [f"{name}: not tried here" for name in accepted]
    assert not problems, "\n".join([place, *problems])


def test_no_entry_is_for_a_place_that_is_gone():
    assert {place for where, _ in ACCEPTED for place in where.split()} <= PLACES.keys()
    assert BLAMED.keys() <= set(ARGUMENTS)
    assert {name.removesuffix(".*") for name in NOT_DOORS} <= NAMES.keys()
    assert OWNERS.keys() == {door.partition(".")[0] for door in DOORS if "." in door}


# ---------------------------------------------------------------- near misses


def float32(arrays):
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def without(key):
    return lambda arrays: {name: array for name, array in arrays.items() if name != key}


def but(key, change):
    """Return a function that changes one array of a dict."""
    return lambda arrays: {**arrays, key: change(arrays[key])}


def read_only(array):
    array.flags.writeable = False
    return array


def used_up(items):
    items = iter(items)
    assert list(items)
    return items


FLOAT32 = {"params": float32}
SEED = [
    (0, "rng must be a numpy.random.Generator, got 0"),
    (None, "rng must be a numpy.random.Generator, got None"),
    (np.random, "rng must be a numpy.random.Generator, got *"),
    (np.random.RandomState(0), "rng must be a numpy.random.Generator, got *"),
]
MASKS = [
    (lambda mask: mask.astype(int), "mask must be boolean, got dtype int64"),
    (lambda mask: mask & False, "mask must keep at least one step, got none"),
    (lambda mask: mask.T, "mask must have shape (4, 3), got (3, 4)"),
    (lambda mask: mask[1:], "mask must have shape (4, 3), got (3, 3)"),
    (lambda mask: mask[..., None], "mask must have shape (4, 3), got (4, 3, 1)"),
    ([4, 2, 3], "mask must be boolean, got dtype int64"),
]
CLASSES = [
    (lambda targets: targets + 1, "targets must lie in 0 .. 5, got 1 .. 6"),
    (lambda targets: targets - 1, "targets must lie in 0 .. 5, got -1 .. 4"),
    (lambda targets: targets / 2, "targets must be integers, got dtype float64"),
    (lambda targets: targets > 2, "targets must be integers, got dtype bool"),
    (with_inside(np.nan), "targets must be finite in float64, got nan or inf"),
]


def at_least(low):
    """The near misses of a whole number of at least low."""
    return lambda name: [
        (bad, f"{name} must be an integer of at least {low}, got {bad}")
        for bad in (low - 1, low + 1.0, True)
    ]


def number(interval, *outside):
    """The near misses of a number in an interval."""
    return lambda name: [
        (bad, f"{name} must be a number in {interval}, got {bad!r}")
        for bad in (*outside, np.nan, "1", True, 1 + 0j, [1.0])
    ]


# "door.argument ...": pairs of a bad value, or function of the good one, and of the message, * for
# anything. A third entry changes other arguments.
CASES = {
    # cells
    "RNNCell.input_size LSTMCell.input_size GRUCell.input_size": at_least(1),
    "RNNCell.hidden_size LSTMCell.hidden_size GRUCell.hidden_size": at_least(1),
    "RNNCell.activation SideBySide.activation": [
        ("sigmoid", "activation must be 'tanh' or 'relu', got 'sigmoid'"),
        (np.tanh, "activation must be 'tanh' or 'relu', got *"),
        (np.array(["tanh", "relu"]), "activation must be 'tanh' or 'relu', got *"),
    ],
    "RNNCell.init_params.rng LSTMCell.init_params.rng GRUCell.init_params.rng": SEED,
    "SequenceModel.init_params.rng": SEED,
    "RNNCell.init_params.dtype LSTMCell.init_params.dtype GRUCell.init_params.dtype "
    "SequenceModel.init_params.dtype": [
        (int, "dtype must be np.float32 or np.float64, got *"),
        (np.float16, "dtype must be np.float32 or np.float64, got *"),
        (complex, "dtype must be np.float32 or np.float64, got *"),
        ("float63", "dtype must be np.float32 or np.float64, got 'float63'"),
    ],
    "RNNCell.init_params.identity": [(1, "identity must be True or False, got 1")],
    "LSTMCell.init_params.forget_bias": [
        *number("(-inf, inf)", np.inf)("forget_bias"),
        (1e300, "forget_bias must *, got *", {"dtype": np.float32}),
    ],
    "SequenceModel.init_params.cell_options": [
        ({"forget_bias": np.nan}, "forget_bias must be a number in (-inf, inf), got nan"),
    ],
    # through time
    "forward.cell backward.cell state_jacobian.cell SequenceModel.cell": [
        (LSTMCell, "cell must be an RNNCell, LSTMCell or GRUCell, got *"),
        (MODEL, "cell must be an RNNCell, LSTMCell or GRUCell, got *"),
        ("LSTM", "cell must be an RNNCell, LSTMCell or GRUCell, got 'LSTM'"),
    ],
    "forward.params backward.params state_jacobian.params SequenceModel.forward.params "
    "SequenceModel.loss_and_grads.params train_batches.params train_tbptt.params sample.params": [
        (lambda params: list(params.values()), "params must be a dict of arrays, got list"),
        (without("b_h"), "params must *'b_h'*, got [*]"),
        (but("W_hh", np.transpose), "params['W_hh'] must have shape (5, *), got (*, 5)"),
        (but("W_xh", lambda W: W[:-1]), "params['W_xh'] must have shape *, got *"),
        (but("b_h", lambda b: b[None]), "params['b_h'] must have shape *, got (1, *)"),
        (but("W_hh", with_inside(np.nan)), "params['W_hh'] must be finite in float64, got *"),
        (but("b_h", lambda b: b + 1j), "params['b_h'] must be real, got dtype complex128"),
        (but("W_xh", lambda W: W.astype(int)), "params['W_xh'] must be floating point, got *int64"),
        (
            lambda params: {**float32(params), "W_hh": params["W_hh"] * 1e300},
            "params['W_hh'] must be finite in float32, got nan or inf",
        ),
    ],
    "SequenceModel.forward.params SequenceModel.loss_and_grads.params sample.params": [
        (without("W_hy"), "params must *'W_hy'*, got [*]"),
        (but("W_hy", np.transpose), "params['W_hy'] must have shape (5, 6), got (6, 5)"),
        (but("b_y", lambda b: b[1:]), "params['b_y'] must have shape (6,), got (5,)"),
        (but("b_y", lambda b: b + 1j), "params['b_y'] must be real, got dtype complex128"),
        (but("b_y", with_inside(np.inf)), "params['b_y'] must be finite in float64, got *"),
    ],
    "forward.x SequenceModel.forward.x SequenceModel.loss_and_grads.x": [
        (lambda x: x[..., :1], "x must have shape (T, B, 2), got (4, 3, 1)"),
        (lambda x: x[:, :0], "x must have shape (T, B, 2), got (4, 0, 2)"),
        (lambda x: x[:, 0], "x must have shape (T, B, 2), got (4, 2)"),
        (lambda x: x.T, "x must have shape (T, B, 2), got (2, 3, 4)"),
        (TARGETS, "x must have shape (T, B, 2), got (4, 3)"),
        (with_inside(np.nan), "x must be finite in float64, got nan or inf"),
        (lambda x: x * 1e300, "x must be finite in float32, got nan or inf", FLOAT32),
        (lambda x: x + 0j, "x must be real, got dtype complex128"),
    ],
    "forward.state SequenceModel.forward.state SequenceModel.loss_and_grads.state": [
        (lambda state: state[:, :H], "state must have shape (3, 10), got (3, 5)"),
        (lambda state: state[:1], "state must have shape (3, 10), got (1, 10)"),
        (lambda state: np.split(state, 2, 1), "state must have shape (3, 10), got (2, 3, 5)"),
        (lambda state: state * 1e300, "state must be finite in float32, got nan or inf", FLOAT32),
        (lambda state: state + 0j, "state must be real, got dtype complex128"),
    ],
    "backward.dh": [
        (lambda dh: dh[1:], "dh must have shape (4, 3, 5), got (3, 3, 5)"),
        (lambda dh: dh.swapaxes(0, 1), "dh must have shape (4, 3, 5), got (3, 4, 5)"),
        (lambda dh: dh[-1], "dh must have shape (4, 3, 5), got (3, 5)"),
        (with_inside(-np.inf), "dh must be finite in float64, got nan or inf"),
        (lambda dh: dh + 0j, "dh must be real, got dtype complex128"),
    ],
    "backward.cache": [
        (forward(CELL, PARAMS, X), "cache must be *, got Forward"),
        (
            forward(GRUCell(D, H), GRUCell(D, H).init_params(RNG), X).cache,
            "cache must be of LSTMCell(*) in float64, got GRUCell(*) in float64",
        ),
        (
            forward(CELL, float32(PARAMS), X).cache,
            "cache must be of LSTMCell(*) in float64, got LSTMCell(*) in float32",
        ),
    ],
    "backward.dstate": [
        (lambda dstate: dstate[:, :H], "dstate must have shape (3, 10), got (3, 5)"),
        (lambda dstate: dstate[0], "dstate must have shape (3, 10), got (10,)"),
        (with_inside(np.nan), "dstate must be finite in float64, got nan or inf"),
        (lambda dstate: dstate + 0j, "dstate must be real, got dtype complex128"),
    ],
    "state_jacobian.x": [
        (X, "x must have shape (T, 1, 2), got (4, 3, 2)"),
        (lambda x: x[:, 0], "x must have shape (T, 1, 2), got (4, 2)"),
        (lambda x: x * 1e300, "x must be finite in float32, got nan or inf", FLOAT32),
    ],
    "state_jacobian.state": [
        (None, "state must *, got *"),
        (STATE, "state must have shape (1, 10), got (3, 10)"),
        (lambda state: state[0], "state must have shape (1, 10), got (10,)"),
        (lambda state: state[:, :H], "state must have shape (1, 10), got (1, 5)"),
    ],
    # losses and model
    "softmax_cross_entropy.logits": [
        (lambda y: y[..., :0], "logits must * (..., V), got * 0)"),
        (lambda y: y[0, 0, 0], "logits must * (..., V), got *()"),
        (lambda y: y.astype(int), "logits must be floating point*, got *int64*"),
        (with_inside(np.inf), "logits must be finite in float64, got nan or inf"),
    ],
    "mean_squared_error.y": [
        (lambda y: y[..., :0], "y must * (..., V), got * 0)"),
        (lambda y: y.astype(int), "y must be floating point*, got *int64*"),
        (with_inside(np.nan), "y must be finite in float64, got nan or inf"),
    ],
    "softmax_cross_entropy.targets SequenceModel.loss_and_grads.targets": [
        *CLASSES,
        (lambda targets: targets[1:], "targets must have shape (4, 3), got (3, 3)"),
        (lambda targets: targets.T, "targets must have shape (4, 3), got (3, 4)"),
        (lambda targets: np.eye(V)[targets], "targets must have shape (4, 3), got (4, 3, 6)"),
    ],
    "mean_squared_error.targets": [
        (lambda y: y[..., 0], "targets must have shape (4, 3, 6), got (4, 3)"),
        (lambda y: y[..., :1], "targets must have shape (4, 3, 6), got (4, 3, 1)"),
        (with_inside(np.nan), "targets must be finite in float64, got nan or inf"),
        (lambda y: y * 1e300, "targets must be finite in float32, got nan or inf",
         {"y": lambda y: y.astype(np.float32)}),
        (lambda y: y + 0j, "targets must be real, got dtype complex128"),
    ],
    "softmax_cross_entropy.mask mean_squared_error.mask SequenceModel.loss_and_grads.mask": MASKS,
    "SequenceModel.output_size": at_least(1),
    "SequenceModel.loss": [
        ("mse", "loss must be a function, got 'mse'"),
        (softmax_cross_entropy(normal(1, 2), [1]), "loss must be a function, got *"),
    ],
    "sample.model": [
        (GRUCell(V, H), "model must be a SequenceModel, got GRUCell(input_size=6, hidden_size=5)"),
        (MODEL, "model must *, got 2 to 6*"),
        (SequenceModel(GRUCell(V, H), V, mean_squared_error), "model must *, got *"),
    ],
    "sample.params": [  # nothing is drawn, yet
        ("params", "params must be a dict of arrays, got 'params'", {"length": 0}),
        (without("W_hh"), "params must *'W_hh'*, got [*]", {"length": 0}),
    ],
    "sample.prompt": [
        ([], "prompt must have shape (n,), got (0,)"),
        ([0, 6], "prompt must lie in 0 .. 5, got 0 .. 6"),
        ([-1], "prompt must lie in 0 .. 5, got -1 .. -1"),
        ([0.5], "prompt must be integers, got dtype float64"),
        ([[0, 1]], "prompt must have shape (n,), got (1, 2)"),
        ("ab", "prompt must be numeric, got dtype <U2"),
    ],
    "sample.length": at_least(0),
    "sample.rng": SEED,
    "sample.temperature": number("(0, inf)", 0, -1.0, np.inf),
    # optimiser
    "global_norm.grads clip_grad_norm.grads": [
        ({}, "grads must *, got []"),
        (lambda grads: list(grads.values()), "grads must be a dict of arrays, got list"),
        (but("W", with_inside(np.nan)), "grads['W'] must be finite in float64, got nan or inf"),
        (but("b", lambda g: [g, g[1:]]), "grads['b'] must be one array, got list"),
    ],
    "train_batches.max_norm train_tbptt.max_norm clip_grad_norm.max_norm clip_each.max_norm "
    "train_side_by_side.max_norm": [
        *number("(0, inf]", 0, -1.0)("max_norm"),
    ],
    "Adam.lr": number("(0, inf)", 0, -0.1, np.inf),
    "Adam.step.params": [
        ({}, "params must *, got []"),
        (but("W", read_only), "params['W'] must be a writeable array*, got an array of *float64*"),
        (but("W", lambda p: p.tolist()), "params['W'] must be a writeable array*, got *"),
        (but("W", lambda p: p.astype(int)), "params['W'] must *, got *int64*"),
        (but("W", lambda p: p + 0j), "params['W'] must *, got *complex128*"),
        (but("W", with_inside(np.nan)), "params['W'] must be finite in float64, got nan or inf"),
        (lambda params: list(params.values()), "params must be a dict of arrays, got list"),
    ],
    "Adam.step.grads": [
        (without("b"), "grads must have the keys ['W', 'b'], got ['W']"),
        (but("W", lambda g: g[0]), "grads['W'] must have shape (2, 3), got (3,)"),
        (but("W", np.transpose), "grads['W'] must have shape (2, 3), got (3, 2)"),
        (but("W", lambda g: g + 1j), "grads['W'] must be real, got dtype complex128"),
        (but("b", lambda g: g * 1e300), "grads['b'] must be finite in float32, got *", FLOAT32),
        (lambda grads: tuple(grads.values()), "grads must be a dict of arrays, got tuple"),
    ],
    # training; a class without the parentheses, too
    "train_batches.model train_tbptt.model train_side_by_side.model": [
        (CELL, "model must be *, got LSTMCell(input_size=2, hidden_size=5)"),
        (SequenceModel, "model must be *, got *"),
        (SimpleNamespace(loss_and_grads=1), "model must be *, got namespace(loss_and_grads=1)"),
    ],
    "train_batches.optimizer train_tbptt.optimizer train_side_by_side.optimizer": [
        ("adam", "optimizer must be *, got 'adam'"),
        (Adam, "optimizer must be *, got *"),
        (SimpleNamespace(step=1), "optimizer must be *, got namespace(step=1)"),
    ],
    "train_batches.batches": [
        (used_up, "batches must hold at least one batch, got none*"),
        (lambda batches: lambda: iter(batches), "batches must be an iterable*, got function"),
        (lambda batches: batches[0], "batches must hold (x, targets, mask), got *"),
        (lambda batches: [batches[0][:2]], "batches must hold (x, targets, mask), got *"),
        (lambda _: [(X[..., :1], TARGETS, MASK)], "x must have shape (T, B, 2), got (4, 3, 1)"),
        (lambda _: [(X, TARGETS + 1, None)], "targets must lie in 0 .. 5, got 1 .. 6"),
        (lambda _: [(X, TARGETS, MASK.T)], "mask must have shape (4, 3), got (3, 4)"),
    ],
    "train_batches.progress train_tbptt.progress": [
        (1, "progress must be True or False, got 1"),
        ("no", "progress must be True or False, got 'no'"),
    ],
    "train_tbptt.x": [
        (lambda x: x[:0], "x must have shape (steps, B, D), got (0, 3, 2)"),
        (lambda x: x[:, 0], "x must have shape (steps, B, D), got (4, 2)"),
        (lambda x: x[..., :1], "x must have shape (T, B, 2), got (*, 3, 1)"),
        (with_inside(np.nan), "x must be finite in float64, got nan or inf"),
        (lambda x: x + 0j, "x must be real, got dtype complex128"),
    ],
    "train_tbptt.targets": [
        *CLASSES,
        (lambda targets: targets[1:], "targets must have shape (4, 3, ...), got (3, 3)"),
        (lambda targets: targets.T, "targets must have shape (4, 3, ...), got (3, 4)"),
        (lambda targets: targets[..., None], "targets must have shape (*, 3), got (*, 3, 1)"),
    ],
    "train_tbptt.mask": MASKS,
    "train_tbptt.window train_tbptt.epochs": at_least(1),
    # differences
    "numerical_grad.f check_grads.f": [
        ("sum", "f must be a function, got 'sum'"),
        (lambda f: lambda a: None, "f* must *, got *"),
        (lambda f: lambda a: "1", "f* must *, got *"),
        (lambda f: lambda a: np.ones(1), "f* must *, got *(1,)*"),
        (lambda f: lambda a: np.nan, "f* must be finite in float64, got nan or inf"),
        (lambda f: lambda a: 1j, "f* must be real, got dtype complex128"),
    ],
    "numerical_grad.array": [
        (lambda a: a + 1j, "array must be real, got dtype complex128"),
        (with_inside(np.nan), "array must be finite in float64, got nan or inf"),
        (lambda a: {"a": a}, "array must be numeric, got dtype object"),
    ],
    "numerical_grad.eps check_grads.rtol": number("(0, inf)", 0, -1e-6, np.inf),
    "check_grads.arrays": [
        (float32, "arrays['W'] must be float64, since *, got *float32*(2, 3)*"),
        (but("b", lambda b: b[:0]), "arrays['b'] must *, got *"),
        (but("W", lambda W: W + 0j), "arrays['W'] must *, got *complex128*"),
        (but("W", with_inside(np.nan)), "arrays['W'] must be finite in float64, got nan or inf"),
        ({}, "arrays must *, got []"),
    ],
    "check_grads.grads": [
        (float32, "grads['W'] must be float64, since *, got *float32*(2, 3)*"),
        (without("b"), "grads must have the keys ['W', 'b'], got ['W']"),
        (but("W", lambda g: g[0]), "grads['W'] must have shape (2, 3), got (3,)"),
        (but("W", with_inside(np.nan)), "grads['W'] must be finite in float64, got nan or inf"),
        (but("W", lambda g: g + 0j), "grads['W'] must *, got *complex128*"),
    ],
    "check_grads.rng": [
        *SEED[:1],  # None is for all entries
        *((*case, {"max_entries": 2}) for case in SEED),
    ],
    "check_grads.max_entries": at_least(1),
    # data
    "plucked_string.frequency": [
        *number("(0, 500]", 0, -1.0, 500.5)("frequency"),
        (1e-320, "* must *, got *"),  # its period is infinite
    ],
    "plucked_string.seconds": [
        (0.01, "seconds must be more than a period, 0.01, got 0.01"),
        (np.inf, "seconds must be a number in (0, 3600], got inf"),
        (0, "seconds must be a number in (0, 3600], got 0"),
        ("1", "seconds must be a number in (0, 3600], got '1'"),
    ],
    "plucked_string.rate": at_least(1),
    "plucked_string.rng split.rng delayed_recall.rng temporal_order.rng adding_problem.rng "
    "NGram.sample.rng KneserNey.sample.rng": SEED,
    "split.items": [
        (used_up, "items must hold at least one item, got none"),
        (5, "items must be a collection, got 5"),
    ],
    "split.parts": [
        ((0.5, 0.4), "parts must be positive and sum to 1, got (0.5, 0.4)"),
        ((1.5, -0.5), "parts must be positive and sum to 1, got (1.5, -0.5)"),
        ((1.0, 0.0), "parts must be positive and sum to 1, got (1.0, 0.0)"),
        ((0.5, np.nan), "parts must be finite in float64, got nan or inf"),
        ((), "parts must have shape (n,), got (0,)"),
        (1.0, "parts must have shape (n,), got ()"),
    ],
    "Vocabulary.symbols": [
        ("aba", "symbols must be distinct characters, got 'aba'"),
        ("", "symbols must be distinct characters, got ''"),
        (["a", "b"], "symbols must be a text, got ['a', 'b']"),
        (b"ab", "symbols must be a text, got b'ab'"),
    ],
    "Vocabulary.of.texts": [
        ([], "texts must hold at least one item, got none"),
        (["ab", 1], "texts* must be *, got 1"),
        ([b"ab"], "texts* must be *, got b'ab'"),
        ([""], "texts must *, got *", {"boundary": ""}),
    ],
    "Vocabulary.of.boundary": [
        ("..", "boundary must *, got '..'"),
        ("^$", "boundary must *, got '^$'"),
        (None, "boundary must be one character or none, got None"),
    ],
    "Vocabulary.encode.text": [
        ("abd", "text must use the symbols 'abc', got ['d']"),
        (["a", "b"], "text must be a text, got ['a', 'b']"),
        ([0, 1], "text must be a text, got [0, 1]"),
    ],
    "Vocabulary.decode.ids": [
        ([0, 3], "ids must lie in 0 .. 2, got 0 .. 3"),
        ([-1], "ids must lie in 0 .. 2, got -1 .. -1"),
        ([1.0], "ids must be integers, got dtype float64"),
        ([[0, 1]], "ids must have shape (T,), got (1, 2)"),
        (0, "ids must have shape (T,), got ()"),
        ("ab", "ids must be numeric, got dtype <U2"),
    ],
    "one_hot.ids": [
        (lambda ids: ids + 1, "ids must lie in 0 .. 5, got 1 .. 6"),
        (lambda ids: ids - 1, "ids must lie in 0 .. 5, got -1 .. 4"),
        (lambda ids: ids / 2, "ids must be integers, got dtype float64"),
        (lambda ids: ids > 2, "ids must be integers, got dtype bool"),
    ],
    "one_hot.size": at_least(1),
    "pad.sequences": [
        ([], "sequences must hold at least one item, got none"),
        (5, "sequences must be a collection, got 5"),
        ([1, 2], "sequences[0] must have shape (T,*), got ()"),
        ([normal(2, 3), normal(2, 2)], "sequences[1] must have shape (T, 3), got (2, 2)"),
        ([normal(2), normal(2, 2)], "sequences[1] must have shape (T,), got (2, 2)"),
        ([normal(2), [np.nan]], "sequences[1] must be finite in float64, got nan or inf"),
        ([[[1], [1, 2]]], "sequences[0] must be one array, got list"),
        (["ab"], "sequences[0] must *, got *"),
    ],
    "next_symbol_task.sequences": [
        ([], "sequences must hold at least one item, got none"),
        ([[1], [1, 4]], "sequences[1] must lie in 0 .. 3, got 1 .. 4"),
        ([[-1]], "sequences[0] must lie in 0 .. 3, got -1 .. -1"),
        ([[0.5]], "sequences[0] must be integers, got dtype float64"),
        ([1, 2], "sequences[0] must have shape (T,), got ()"),
    ],
    "delayed_recall.length": [
        (2, "length must be an integer of at least 3, got 2"),
        (5.0, "length must be an integer of at least 3, got 5.0"),
    ],
    "delayed_recall.delay": [
        *at_least(0)("delay"),
        (5, "length must be an integer of at least 6, got 5"),
    ],
    "temporal_order.length": at_least(10),
    "adding_problem.length": at_least(2),
    "delayed_recall.batch_size temporal_order.batch_size adding_problem.batch_size": at_least(1),
    # many networks
    "stack.networks": [
        ([], "networks must hold at least one item, got none"),
        (lambda networks: networks[0], "networks[0] must be a dict of arrays, got 'W_xh'"),
        (
            lambda networks: [networks[0], without("b_h")(networks[1])],
            "networks[1] must have the keys ['W_hh', *], got [*]",
        ),
        (
            lambda networks: [networks[0], but("W_hh", lambda W: W[1:])(networks[1])],
            "networks[1]['W_hh'] must have shape (5, 5), got (4, 5)",
        ),
    ],
    "SideBySide.states.params SideBySide.predict.params SideBySide.loss_and_grads.params "
    "train_side_by_side.params": [
        (lambda params: list(params.values()), "params must be a dict of arrays, got list"),
        (without("b_h"), "params must *'b_h'*, got [*]"),
        (without("W_hy"), "params must *'W_hy'*, got [*]"),
        (lambda _: MANY_NETWORKS[0], "params['W_xh'] must have shape (N, D, H), got (2, 5)"),
        (but("W_hh", lambda W: W[1:]), "params['W_hh'] must have shape (7, 5, 5), got (6, 5, 5)"),
        (but("b_h", lambda b: b[:, 0]), "params['b_h'] must have shape (7, 1, 5), got (7, 5)"),
        (but("b_y", with_inside(np.inf)), "params['b_y'] must be finite in float64, got *"),
        (but("W_xh", lambda W: W + 0j), "params['W_xh'] must be real, got dtype complex128"),
    ],
    "SideBySide.states.x SideBySide.predict.x SideBySide.loss_and_grads.x": [
        (lambda x: x[:, 0], "x must have shape (T, *, B, *), got (4, 3, 2)"),
        (lambda x: x[:, 1:], "x must have shape (T, 7, B, 2), got (4, 6, 3, 2)"),
        (lambda x: x[..., :1], "x must have shape (T, 7, B, 2), got (4, 7, 3, 1)"),
        (with_inside(np.nan), "x must be finite in float64, got nan or inf"),
    ],
    "SideBySide.states.state SideBySide.loss_and_grads.state": [
        (lambda state: state[0], "state must have shape (7, 3, 5), got (3, 5)"),
        (lambda state: state[..., 1:], "state must have shape (7, 3, 5), got (7, 3, 4)"),
    ],
    "SideBySide.loss_and_grads.targets": [
        *CLASSES,
        (lambda targets: targets[0], "targets must have shape (K, 7, 3), got (7, 3)"),
        (lambda targets: targets[:, 1:], "targets must have shape (K, 7, 3), got (2, 6, 3)"),
        (np.zeros((5, 7, 3), int), "targets must have at most the 4 steps of x, got 5"),
    ],
    "clip_each.grads": [
        (lambda grads: list(grads.values()), "grads must be a dict of arrays, got list"),
        (but("b", lambda g: g[:, 0]), "grads['b'] must have shape (N, rows, columns), got (7, 3)"),
        (but("W", with_inside(np.nan)), "grads['W'] must be finite in float64, got nan or inf"),
    ],
    "train_side_by_side.batches": [
        (used_up, "batches must hold at least one batch, got none*"),
        (lambda batches: batches[0], "batches must hold (x, targets), got *"),
        (lambda batches: [(*batches[0], None)], "batches must hold (x, targets), got tuple"),
        (lambda batches: [(batches[0][0][:, 1:], MANY_TARGETS)], "x must have shape *, got *"),
        (lambda batches: [(batches[0][0], MANY_TARGETS + 1)], "targets must lie in 0 .. 5, got *"),
    ],
    # count models
    "fit_ngram.sequences fit_kneser_ney.sequences NGram.nll.sequences KneserNey.nll.sequences": [
        ([], "sequences must hold at least one item, got none"),
        (used_up, "sequences must hold at least one item, got none"),
        ([[1], [1, 0]], "sequences[1] must lie in 1 .. 3, got 0 .. 1"),
        ([[4]], "sequences[0] must lie in 1 .. 3, got 4 .. 4"),
        ([[1.5]], "sequences[0] must be integers, got dtype float64"),
        ([1, 2], "sequences[0] must have shape (T,), got ()"),
        (["ab"], "sequences[0] must be numeric, got dtype <U2"),
    ],
    "fit_ngram.k fit_kneser_ney.k": at_least(0),
    "fit_ngram.size fit_kneser_ney.size": at_least(2),
    "next_symbol_task.size": at_least(2),
    "fit_ngram.alpha": number("[0, inf)", -0.1, np.inf),
    "fit_kneser_ney.discount": number("(0, 1)", 0, 1, -0.5),
    "NGram.probabilities.context KneserNey.probabilities.context": [
        ([0, 4], "context must lie in 0 .. 3, got 0 .. 4"),
        ([-1], "context must lie in 0 .. 3, got -1 .. -1"),
        ([0.5], "context must be integers, got dtype float64"),
        (1, "context must have shape (T,), got ()"),
        ("ab", "context must be numeric, got dtype <U2"),
    ],
    "NGram.sample.max_length KneserNey.sample.max_length": at_least(0),
}  # fmt: skip


def near_misses():
    """Yield (door, argument, bad value, message, other arguments) of all cases."""
    for where, cases in CASES.items():
        for door, argument in (place.rsplit(".", 1) for place in where.split()):
            for bad, message, *others in cases(argument) if callable(cases) else cases:
                yield door, argument, bad, message, *(others or [{}])


NEAR_MISSES = list(near_misses())


@pytest.mark.parametrize(
    ("door", "argument", "bad", "message", "others"),
    NEAR_MISSES,
    ids=[f"{door}: {message}" for door, _, _, message, _ in NEAR_MISSES],
)
def test_a_near_miss_is_named(door, argument, bad, message, others):
    arguments = good(door)
    for name, change in {**others, argument: bad}.items():
        arguments[name] = change(arguments[name]) if inspect.isfunction(change) else change
    got = refusal(door, arguments, argument)
    assert re.fullmatch(re.escape(message).replace(r"\*", ".*"), got, re.DOTALL), got


def test_every_argument_has_a_good_value_and_a_near_miss():
    assert {door: {*arguments} for door, arguments in GOOD.items()} == {
        door: {*parameters} for door, parameters in DOORS.items()
    }
    assert {case[:2] for case in NEAR_MISSES} == set(ARGUMENTS)


@pytest.mark.parametrize("door", DOORS)
def test_good_arguments_are_accepted(door):
    call(door, good(door))


def test_an_option_that_the_cell_does_not_have():
    with pytest.raises(TypeError, match="unexpected keyword argument 'identity'"):
        MODEL.init_params(RNG, identity=True)


@pytest.mark.parametrize(
    "returned",
    [None, 1.0, (1.0,), ("1", 0), (None, None), (1.0, None), (1.0, "a"), (1.0, np.ones(3))],
    ids=repr,
)
def test_what_a_loss_returns_is_checked_too(returned):
    arguments = good("train_batches")
    arguments["model"] = SequenceModel(CELL, V, lambda y, targets, mask: returned)
    refusal("train_batches", arguments, "loss|dy of loss")


# ---------------------------------------------------------------- other laws of all doors


def plain(value):
    """Turn what a door returns into dicts, lists and arrays, which can be compared."""
    if is_dataclass(value):
        return plain(vars(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    ("door", "argument"),
    [(d, a) for d, a in ARGUMENTS if isinstance(GOOD.get(d, {}).get(a), list | tuple | np.ndarray)],
)
def test_an_iterator_is_refused_or_as_good_as_its_items(door, argument):
    def from_iterator():
        arguments = good(door)
        return {**arguments, argument: iter(arguments[argument])}

    try:
        refusal(door, from_iterator(), argument)
    except Accepted:
        np.testing.assert_equal(plain(call(door, from_iterator())), plain(call(door, good(door))))


# Options: none of them can stand where another one stood, which would fit if T = B = H.
KEYWORD_ONLY = {
    "state", "mask", "dstate", "dtype", "rtol", "eps", "temperature", "max_norm", "progress",
    "activation", "identity", "forget_bias", "max_entries", "max_length", "parts",
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_options_are_keywords(door):
    positional = {
        name
        for name, parameter in DOORS[door].items()
        if parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD)
        and parameter.default is not parameter.empty  # state_jacobian needs a state
    }
    assert not positional & KEYWORD_ONLY


@pytest.mark.parametrize("door", DOORS)
def test_arguments_and_results_have_annotations(door):
    function = NAMES[door].__init__ if inspect.isclass(NAMES[door]) else NAMES[door]
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty
    bare = {
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is parameter.empty
    }
    assert bare <= {"self", "dtype"}


def test_integers_are_those_of_numpy():
    rnncore.arguments.integers(-(2**64), first=-(2**63), last=2**63 - 1)
    for value in (-(2**63) - 1, 2**63):
        with pytest.raises(ValueError, match=r"^n must be an integer of at least .*, got .*\d$"):
            rnncore.arguments.integers(-(2**64), n=value)
