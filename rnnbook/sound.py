"""Sound in a page."""

import base64
import html
import io
import wave

import numpy as np
from IPython.display import HTML


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
