"""The conditional decoder: probabilities that sum to 1, a cache that changes nothing, draws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from chunkscope.inversion.decoder import likelihood
from chunkscope.inversion.decoder.likelihood import draw, log_likelihood, sample
from chunkscope.inversion.decoder.model import Cache, Decoder
from chunkscope.inversion.decoder.settings import DecoderSettings

VOCABULARY, LONGEST, SITES, UNITS = 3, 3, 2, 5
SETTINGS = DecoderSettings(layers=2, width=16, heads=2)


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(SETTINGS, VOCABULARY, LONGEST, SITES, UNITS).double()


def draw_activity(batch: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 2 * torch.randn(batch, UNITS, generator=generator, dtype=torch.double)


def tell(decoder: Decoder, batch: int, site: int = 0) -> Cache:
    return decoder.tell(draw_activity(batch), torch.full((batch,), site))


def every_string() -> tuple[Tensor, Tensor]:
    """All inputs of up to the longest length."""
    found = [s for n in range(LONGEST + 1) for s in product(range(VOCABULARY), repeat=n)]
    tokens = torch.zeros(len(found), LONGEST, dtype=torch.long)
    for row, string in enumerate(found):
        tokens[row, : len(string)] = torch.tensor(string, dtype=torch.long)
    return tokens, torch.tensor([len(string) for string in found])


@torch.no_grad()
def test_symbol_by_symbol_gives_what_all_at_once_gives(decoder: Decoder) -> None:
    tokens = torch.randint(VOCABULARY, (4, LONGEST), generator=torch.Generator().manual_seed(2))
    whole, _ = decoder(tokens, tell(decoder, 4))
    logits, cache = decoder.first(tell(decoder, 4))
    for step in range(LONGEST + 1):
        torch.testing.assert_close(logits, whole[:, step])
        if step < LONGEST:
            logits, cache = decoder.following(tokens[:, step], cache)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before(decoder: Decoder) -> None:
    tokens = torch.zeros(1, LONGEST, dtype=torch.long)
    other = tokens.clone()
    other[0, 1] = 2
    first, second = (decoder(t, tell(decoder, 1))[0] for t in (tokens, other))
    torch.testing.assert_close(first[:, :2], second[:, :2])
    assert not torch.allclose(first[:, 2:], second[:, 2:])


@torch.no_grad()
def test_probabilities_of_all_inputs_sum_to_one(decoder: Decoder) -> None:
    tokens, length = every_string()
    cache = [(k.expand(len(tokens), -1, -1, -1), v.expand(len(tokens), -1, -1, -1))
             for k, v in tell(decoder, 1)]  # fmt: skip
    said = log_likelihood(decoder, tokens, length, cache).exp()
    logits, _ = decoder(tokens, cache)
    last = torch.softmax(logits[:, LONGEST], dim=1)[:, decoder.stop]
    endless = (said * (1 - last) / last)[length == LONGEST].sum()  # that do not stop in time
    assert (said.sum() + endless).item() == pytest.approx(1, abs=1e-12)


@torch.no_grad()
def test_what_stands_beyond_an_input_does_not_matter(decoder: Decoder) -> None:
    tokens, length = every_string()
    cache = tell(decoder, len(tokens))
    beyond = torch.arange(LONGEST) >= length[:, None]
    changed = torch.where(beyond, 1, tokens)
    torch.testing.assert_close(
        log_likelihood(decoder, tokens, length, cache),
        log_likelihood(decoder, changed, length, cache),
    )


@torch.no_grad()
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_draws_follow_what_the_decoder_says(decoder: Decoder, temperature: float) -> None:
    n = 40_000
    one = tell(decoder, 1)
    cache = [(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in one]
    tokens, length = sample(decoder, cache, temperature, torch.Generator().manual_seed(3))
    strings, sizes = every_string()
    told = [(k.expand(len(strings), -1, -1, -1), v.expand(len(strings), -1, -1, -1))
            for k, v in one]  # fmt: skip
    logits, _ = decoder(strings, told)
    shares = torch.softmax(logits / temperature, dim=2).numpy()
    for row, (string, size) in enumerate(zip(strings.tolist(), sizes.tolist(), strict=True)):
        said = [*string[:size], decoder.stop]
        p = np.prod([shares[row, step, symbol] for step, symbol in enumerate(said)])
        seen = ((length == size) & (tokens == strings[row]).all(1)).double().mean().item()
        assert abs(seen - p) < 5 * np.sqrt(p * (1 - p) / n)
    assert (tokens[torch.arange(LONGEST) >= length[:, None]] == 0).all()


@torch.no_grad()
def test_activity_and_site_are_heard(decoder: Decoder) -> None:
    tokens = torch.zeros(2, LONGEST, dtype=torch.long)
    here, there = (decoder(tokens, tell(decoder, 2, site))[0] for site in (0, 1))
    assert not torch.allclose(here[0], here[1])
    assert not torch.allclose(here, there)


def test_heads_share_the_width() -> None:
    with pytest.raises(ValidationError, match="got 10 for 4 heads; must be a multiple"):
        DecoderSettings(width=10, heads=4)


@torch.no_grad()
def test_draws_of_many_are_those_of_each(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    activity, site, samples = draw_activity(3), torch.tensor([0, 1, 0]), 4000
    monkeypatch.setattr(likelihood, "ROWS_PER_PASS", 2 * samples)
    generator = torch.Generator().manual_seed(4)
    tokens, length = draw(decoder, activity, site, samples, 1.0, generator)
    assert tokens.shape == (3, samples, LONGEST)
    strings, sizes = every_string()
    n = len(strings)
    for query in range(3):
        cache = decoder.tell(activity[query : query + 1].expand(n, -1), site[query].expand(n))
        said = log_likelihood(decoder, strings, sizes, cache).exp()
        for string, size, p in zip(strings, sizes, said.tolist(), strict=True):
            same = (length[query] == size) & (tokens[query] == string).all(1)
            assert abs(same.double().mean().item() - p) < 5 * np.sqrt(p * (1 - p) / samples)
