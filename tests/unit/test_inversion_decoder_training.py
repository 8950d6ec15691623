"""A trained decoder says the posterior of the input, and nothing that was held out trains it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting
from chunkscope.inversion.decoder.likelihood import log_likelihood
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.decoder.training import Readings, _Draws, held_out, train_decoder
from chunkscope.inversion.quality import precision, total_variation

INPUTS = Counting(letters=3, distinct=2, most=2).inputs()
SETTINGS = DecoderSettings(
    layers=1, width=32, heads=2, steps=800, batch=64, learning_rate=0.01, noise=0.0
)


def silent(step: int, loss: float) -> None:
    """Reports nothing."""


def one_hot(kind: str) -> np.ndarray:
    values = INPUTS.labels[kind] - INPUTS.labels[kind].min()
    return np.eye(values.max() + 1, dtype=np.float32)[values]


READINGS = Readings(("letter", "length"), (one_hot("letter"), one_hot("length")))


def test_what_it_says_is_the_posterior() -> None:
    decoder = train_decoder(INPUTS, READINGS, SETTINGS, seed=0, progress=silent)
    decoder.requires_grad_(False)
    seen = ~held_out(INPUTS, SETTINGS, 0)
    tokens = torch.from_numpy(INPUTS.tokens.astype(np.int64))
    length = torch.from_numpy(INPUTS.length.astype(np.int64))
    for site, kind in enumerate(READINGS.names):
        for value in np.unique(INPUTS.labels[kind]):
            ball = INPUTS.labels[kind] == value
            told = np.zeros((1, READINGS.units), np.float32)
            activity = READINGS.activity[site][ball][:1]
            told[:, : activity.shape[1]] = activity
            one = decoder.tell(torch.from_numpy(told), torch.tensor([site]))
            n = len(INPUTS)
            cache = [(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in one]
            said = log_likelihood(decoder, tokens, length, cache).double().exp().numpy()
            assert precision(said[ball]) > 0.95
            posterior = np.where(ball & seen, INPUTS.probability, 0)
            assert total_variation(posterior / posterior.sum(), said) < 0.2


def test_what_is_held_out_is_never_drawn() -> None:
    draw = _Draws(INPUTS, READINGS, SETTINGS, 3)
    rows = np.concatenate([draw()[0] for _ in range(200)])
    seen = ~held_out(INPUTS, SETTINGS, 3)
    assert 0 < seen.sum() < len(INPUTS)
    assert set(rows.tolist()) == set(np.flatnonzero(seen).tolist())


def test_what_is_told_is_the_activity_with_noise_of_the_set_size() -> None:
    noisy = SETTINGS.model_copy(update={"noise": 0.1, "batch": 4000})
    rows, site, told = _Draws(INPUTS, READINGS, noisy, 0)()
    for at, activity in enumerate(READINGS.activity):
        here, units = site == at, activity.shape[1]
        apart = told[here][:, :units] - activity[rows[here]]
        assert apart.std() == pytest.approx(0.1, rel=0.1)  # all activity here has length 1
        assert not told[here][:, units:].any()


def test_the_same_seed_gives_the_same_decoder() -> None:
    brief = SETTINGS.model_copy(update={"steps": 5})
    first, again, other = (
        train_decoder(INPUTS, READINGS, brief, seed, progress=silent).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["readout.weight"], other["readout.weight"])


def test_activity_of_other_inputs_is_refused() -> None:
    short = Readings(("letter",), (one_hot("letter")[1:],))
    with pytest.raises(InversionError, match=r"activity of \[83\] inputs at 1 sites; must be of"):
        train_decoder(INPUTS, short, SETTINGS, seed=0, progress=silent)
