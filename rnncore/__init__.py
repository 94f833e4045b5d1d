"""The shared NumPy module of the book: sequence models small enough to read in one sitting.

Every array in the package uses one legend::

    T  steps in time          D  input size    S  state size (H, or 2H for the LSTM)
    B  sequences in a batch   H  hidden size   V  outputs, or size of the vocabulary
    G  blocks of a cell, its gates and candidate (RNN 1, LSTM 4, GRU 3)

    x (T, B, D)    h (T, B, H)    y (T, B, V)    state (B, S)
    W_xh (D, G*H)  W_hh (H, G*H)  b_h (G*H,)     W_hy (H, V)    b_y (V,)

Time comes first and vectors are rows, so a layer is ``x @ W + b``. A gradient is called ``d<thing>``
and has the shape of the thing; a gradient dict has the keys of the parameter dict. The dtype of the
parameters decides the dtype of everything. An argument that does not fit (shape, dtype, range, nan)
raises a ``ValueError`` that says what was expected and what was given; one of the wrong type, such as a
seed where a ``Generator`` is due, raises ``TypeError``. Numbers that grow beyond their dtype raise
``DivergedError``, a ``ValueError``.
"""

from rnncore.arguments import DivergedError
from rnncore.bptt import backward, forward, state_jacobian
from rnncore.cells import GRUCell, LSTMCell, RNNCell
from rnncore.gradcheck import check_grads, numerical_grad
from rnncore.losses import mean_squared_error, softmax_cross_entropy
from rnncore.model import SequenceModel, sample
from rnncore.optim import Adam, clip_grad_norm, global_norm
from rnncore.train import train_batches, train_tbptt

__all__ = [
    "Adam", "DivergedError", "GRUCell", "LSTMCell", "RNNCell", "SequenceModel", "backward",
    "check_grads", "clip_grad_norm", "forward", "global_norm", "mean_squared_error",
    "numerical_grad", "sample", "softmax_cross_entropy", "state_jacobian", "train_batches",
    "train_tbptt",
]  # fmt: skip
