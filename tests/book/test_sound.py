"""A player holds the samples, scaled to their peak."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from rnnbook import sound


def test_sound_holds_the_samples_scaled_to_their_peak():
    page = sound(np.array([0.0, 0.5, -0.25]), 8000, "three <samples>").data
    encoded = re.search(r"base64,([^\"]+)", page)[1]
    with wave.open(io.BytesIO(base64.b64decode(encoded))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(file.readframes(3), dtype="<i2")
    assert samples.tolist() == [0, 32767, -16384]
    assert 'aria-label="three &lt;samples&gt;"' in page


def test_silence_is_no_error():
    assert "audio" in sound(np.zeros(4), 8000, "silence").data


@pytest.mark.parametrize("samples", [np.zeros((2, 2)), np.array([]), np.array([np.nan])])
def test_bad_samples_are_named(samples):
    with pytest.raises(ValueError, match=r"samples must be finite, of shape \(N,\), got shape"):
        sound(samples, 8000, "x")
