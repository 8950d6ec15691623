"""Hugging Face networks, tiny and random: against the library's own outputs, edited, continued."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models
from torch import Tensor, nn

from chunkscope.config import check
from chunkscope.errors import ConfigError, NetworkError, SiteError
from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.intervention import Intervention
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_pretrained, save_reference
from chunkscope.networks.directories import PARTS, describe, weight_files
from chunkscope.networks.edits import Edit
from chunkscope.networks.huggingface import HuggingFace
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.settings import HuggingFaceSettings, TrainingSettings
from chunkscope.networks.sites import site_names, site_widths
from chunkscope.networks.training import train

VOCABULARY, WIDTH, CONTEXT, BATCH, TIME = 30, 16, 24, 3, 9


@dataclass(frozen=True)
class Family:
    """How a tiny network of one family is made.

    Attributes:
        norm: the module that normalises the last stream.
        after: whether the library's hidden states begin after the first block, not before it.
    """

    config: type[transformers.PreTrainedConfig]
    norm: str
    keys: dict[str, object] = field(default_factory=dict)
    blocks: int = 3
    after: bool = False


STANDARD = {
    "hidden_size": WIDTH,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.3,
}
LLAMA = STANDARD | {"num_hidden_layers": 3, "num_key_value_heads": 1}
FAMILIES = {
    "gpt2": Family(
        transformers.GPT2Config,
        "transformer.ln_f",
        {
            "n_embd": WIDTH,
            "n_layer": 3,
            "n_head": 2,
            "n_positions": CONTEXT,
            "initializer_range": 0.3,
        },
    ),
    "llama": Family(transformers.LlamaConfig, "model.norm", LLAMA),
    "mistral": Family(transformers.MistralConfig, "model.norm", LLAMA | {"sliding_window": 4}),
    "qwen2": Family(transformers.Qwen2Config, "model.norm", LLAMA),
    "gpt_neox": Family(
        transformers.GPTNeoXConfig,
        "gpt_neox.final_layer_norm",
        STANDARD | {"num_hidden_layers": 3},
    ),
    "mamba": Family(
        transformers.MambaConfig,
        "backbone.norm_f",
        {"hidden_size": WIDTH, "num_hidden_layers": 3, "state_size": 4, "initializer_range": 0.3},
        after=True,
    ),
    "rwkv": Family(
        transformers.RwkvConfig,
        "rwkv.ln_out",
        {"hidden_size": WIDTH, "num_hidden_layers": 7, "rescale_every": 3},
        blocks=7,
        after=True,
    ),
    "t5": Family(
        transformers.T5Config,
        "encoder.final_layer_norm",
        {"d_model": WIDTH, "num_layers": 3, "num_heads": 2, "d_kv": 8, "d_ff": 32},
    ),
    "bert": Family(transformers.BertConfig, "", STANDARD | {"num_hidden_layers": 3}),
    "distilbert": Family(
        transformers.DistilBertConfig, "", {"dim": WIDTH, "n_layers": 3, "n_heads": 2}
    ),
}
ENCODERS = ("t5", "bert", "distilbert")
CAUSAL = tuple(name for name in FAMILIES if name not in ENCODERS)
each = pytest.mark.parametrize("name", FAMILIES)
each_causal = pytest.mark.parametrize("name", CAUSAL)


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of every family, saved as a user would."""
    folder = tmp_path_factory.mktemp("models")
    for name, family in FAMILIES.items():
        make_model(name, vocab_size=VOCABULARY, **family.keys).save_pretrained(folder / name)
    return folder


def make_model(name: str, **keys: object) -> nn.Module:
    special = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    config = FAMILIES[name].config(**special, **keys)
    auto = "AutoModelForTextEncoding" if name in ENCODERS else "AutoModelForCausalLM"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: nn.Module = getattr(transformers, auto).from_config(config)
        for weight in model.parameters():  # biases too, which start at 0
            weight.data += 0.1 * torch.randn(weight.shape)
    return model


def open_model(folder: Path, name: str, dtype: Any = "auto") -> HuggingFace:
    return HuggingFace.open(HuggingFaceSettings(path=str(folder / name), dtype=dtype))


def copy_model(folder: Path, name: str, target: Path) -> Path:
    return Path(shutil.copytree(folder / name, target / name))


def draw_tokens(*shape: int) -> Tensor:
    return torch.randint(VOCABULARY, shape, generator=torch.Generator().manual_seed(0))


def make_edit(
    site: str, when: Sequence[int], width: int, keep: float = 0.0, hold: float = 0.0
) -> Edit:
    """An edit of the first half of the units at some of ``TIME`` steps, of all rows but row 0."""
    chosen = np.zeros((BATCH, TIME), bool)
    chosen[1:, list(when)] = True
    units = np.zeros((BATCH, width), bool)
    units[:, : width // 2] = True
    value = np.random.default_rng(0).normal(size=(BATCH, width)).astype(np.float32)
    return Edit(site, chosen, units, np.full(BATCH, keep), np.full(BATCH, hold), value)


# reading


@each
@torch.no_grad()
def test_recorded_residuals_are_the_hidden_states_of_the_library(
    models_folder: Path, name: str
) -> None:
    family, tokens = FAMILIES[name], draw_tokens(BATCH, TIME)
    network = open_model(models_folder, name)
    output = network(tokens, record=["*"])
    assert list(output.activations) == list(network.sites) == site_names(network.settings)
    library = getattr(transformers, type(network.model).__name__)
    reference = library.from_pretrained(models_folder / name).eval()
    own = reference(tokens, output_hidden_states=True)
    # RWKV halves its stream every few blocks to fit it into float16; we read it as it was trained
    halved = getattr(reference.config, "rescale_every", family.blocks + 1)
    entering, leaving = (
        [
            output.activations[f"blocks.{block}.hook_resid_{end}"][0]
            for block in range(family.blocks)
        ]
        for end in ("pre", "post")
    )
    for block, stream in enumerate(leaving if family.after else entering):
        expected = own.hidden_states[block] * 2 ** ((block + family.after) // halved)
        near = 1e-3 if name == "rwkv" else 0  # what normalisation adds to a variance is not halved
        torch.testing.assert_close(stream, expected, rtol=near, atol=near / 10)
    assert all(torch.equal(a, b) for a, b in zip(leaving[:-1], entering[1:], strict=True))
    norm = network.model.get_submodule(family.norm) if family.norm else nn.Identity()
    normed = norm(leaving[-1])
    if name in ENCODERS:
        torch.testing.assert_close(normed, own.last_hidden_state)
        assert output.logits.isnan().all()
    else:
        torch.testing.assert_close(output.logits[0], own.logits, rtol=1e-4, atol=1e-4)
        read_out = network.model.get_output_embeddings()(normed)
        torch.testing.assert_close(output.logits[0], read_out)


@pytest.mark.parametrize("name", PARTS)
@torch.no_grad()
def test_a_block_adds_its_parts_to_the_stream(models_folder: Path, name: str) -> None:
    network = open_model(models_folder, name)
    activations = network(draw_tokens(BATCH, TIME), record=["*"]).activations
    for block in range(3):
        at = f"blocks.{block}."
        before, attention, mlp, after = (
            activations[f"{at}hook_{hook}"]
            for hook in ("resid_pre", "attn_out", "mlp_out", "resid_post")
        )
        torch.testing.assert_close(before + attention + mlp, after)
        project = network._places[f"{at}mlp.hook_post"][0]
        torch.testing.assert_close(project(activations[f"{at}mlp.hook_post"][0]), mlp[0])
        assert min(attention.std(), mlp.std()) > 1e-3


@each
def test_sites_are_known_without_the_weights(models_folder: Path, name: str) -> None:
    settings = HuggingFaceSettings(path=str(models_folder / name))
    widths = site_widths(settings)
    assert widths["hook_embed"] == WIDTH
    assert f"blocks.{FAMILIES[name].blocks - 1}.hook_resid_post" in widths
    assert ("blocks.0.mlp.hook_post" in widths) == (name in PARTS)
    with pytest.raises(SiteError, match=r"did you mean blocks\.0\.hook_resid_pre\?"):
        open_model(models_folder, name)(draw_tokens(1, 2), record=["blocks.0.hook_resid_pr"])


@torch.no_grad()
def test_half_precision_is_recorded_as_it_was(models_folder: Path) -> None:
    network = open_model(models_folder, "llama", "bfloat16")
    tokens = draw_tokens(BATCH, TIME)
    output = network(tokens, record=["blocks.*.hook_resid_pre"])
    own = network.model(tokens, output_hidden_states=True)
    for block, (values, hidden) in enumerate(
        zip(output.activations.values(), own.hidden_states, strict=False)
    ):
        assert values.dtype == torch.float32, block
        assert torch.equal(values[0], hidden.float())
    assert output.logits.dtype == torch.float32
    exact = open_model(models_folder, "llama")(tokens, record=["blocks.1.hook_resid_pre"])
    rounded = output.activations["blocks.1.hook_resid_pre"]
    assert not torch.equal(exact.activations["blocks.1.hook_resid_pre"], rounded)


# editing


@each
@torch.no_grad()
def test_an_edit_changes_what_follows_and_nothing_before(models_folder: Path, name: str) -> None:
    network, tokens, step = open_model(models_folder, name), draw_tokens(BATCH, TIME), 4
    site = "blocks.1.hook_resid_post"
    edit = make_edit(site, [step], WIDTH)
    plain, edited = network(tokens, record=["*"]), network(tokens, None, [edit], ["*"])
    assert edited.fired == (BATCH - 1,)
    order, at = list(network.sites), list(network.sites).index(site)
    for index, where in enumerate(order):
        moved = (edited.activations[where] - plain.activations[where])[0].abs().amax(-1)
        assert not moved[0].any()  # the row without an edit
        if index < at:
            assert not moved.any(), where
        elif index > at:
            assert (moved[1:, step] > 1e-6).all(), where
            earlier = moved[1:, :step]
            assert earlier.any() if name in ENCODERS and index > at + 1 else not earlier.any()
    put_in = edited.activations[site][0, 1:, step]
    assert torch.equal(put_in[:, : WIDTH // 2], torch.tensor(edit.value[1:, : WIDTH // 2]))
    assert torch.equal(put_in[:, WIDTH // 2 :], plain.activations[site][0, 1:, step, WIDTH // 2 :])
    if name not in ENCODERS:
        assert torch.equal(edited.logits[:, :, :step], plain.logits[:, :, :step])
        assert (edited.logits - plain.logits)[0, 1:, step:].abs().amax((1, 2)).min() > 1e-6


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "rwkv"])
@torch.no_grad()
def test_every_site_can_be_edited_and_held(models_folder: Path, name: str) -> None:
    network, tokens = open_model(models_folder, name), draw_tokens(BATCH, TIME)
    for site in network.sites:
        edit = make_edit(site, [3, 4, 5], network.width(site), keep=0.0, hold=1.0)
        edit.value[:] = 0
        output = network(tokens, None, [edit], [site])
        held = output.activations[site][0, 1:, 2:6, : network.width(site) // 2]
        assert torch.equal(held, held[:, :1].expand_as(held)), site
        assert not torch.equal(output.logits, network(tokens).logits), site


@each_causal
@torch.no_grad()
def test_combinations_are_as_one_by_one_also_from_a_state(models_folder: Path, name: str) -> None:
    network, tokens = open_model(models_folder, name), draw_tokens(BATCH, TIME)
    value = np.random.default_rng(0).normal(size=WIDTH)
    grafts = [
        (Intervention("graft", site, value=value, when=(1,)),)
        for site in ("hook_embed", "blocks.0.hook_resid_pre", "blocks.2.hook_resid_post")
    ]
    state = network(tokens[:, :5]).state
    together = intervene(network, tokens[:, 5:], [(), *grafts], state)
    assert (together.fired == [[0], [1], [1], [1]]).all()
    plain = network(tokens).logits[:, :, 5:].softmax(-1).numpy()
    np.testing.assert_allclose(together.probabilities[:, 0], plain, atol=1e-5)
    for index, graft in enumerate(grafts, 1):
        alone = intervene(network, tokens[:, 5:], [graft], state).probabilities[:, 0]
        np.testing.assert_allclose(together.probabilities[:, index], alone, atol=1e-5)
        assert np.abs(alone - plain).max() > 1e-5


# going on


@each_causal
@torch.no_grad()
def test_a_rollout_is_what_full_passes_say(models_folder: Path, name: str) -> None:
    network, prefix, steps = open_model(models_folder, name), draw_tokens(BATCH, 6), 4
    site = "blocks.1.hook_resid_post"
    edit = make_edit(site, [2, 4, 7], WIDTH, keep=0.5, hold=0.5)
    run = rollout(network, prefix, steps, intervene=[edit])
    assert run.fired == (3 * (BATCH - 1),)
    whole = torch.cat([prefix, run.tokens[0]], 1)[:, :-1]
    assert whole.shape == (BATCH, TIME)
    full = network(whole, intervene=[edit]).logits.softmax(-1)[:, :, 5:]
    torch.testing.assert_close(run.probabilities, full, rtol=0, atol=1e-5)
    assert torch.equal(run.tokens, run.probabilities.argmax(-1))
    plain = network(whole).logits.softmax(-1)[:, :, 5:]
    assert (plain - full)[:, 1:].abs().max() > 1e-5


@each_causal
def test_a_state_continues_exactly_and_is_not_used_up(models_folder: Path, name: str) -> None:
    network, tokens = open_model(models_folder, name), draw_tokens(BATCH, TIME)
    whole = network(tokens, record=["blocks.*.hook_resid_post"])
    state = network(tokens[:, :4]).state
    with torch.no_grad():
        first = network(tokens[:, 4:], state, record=["blocks.*.hook_resid_post"])
        again = network(tokens[:, 4:], state)
    torch.testing.assert_close(first.logits, whole.logits[:, :, 4:], rtol=0, atol=1e-5)
    assert torch.equal(first.logits, again.logits)
    for site, values in first.activations.items():
        torch.testing.assert_close(values, whole.activations[site][:, :, 4:], rtol=0, atol=1e-4)


def test_gradients_reach_what_an_edit_puts_in(models_folder: Path) -> None:
    network = open_model(models_folder, "gpt2")
    edit = make_edit("blocks.0.hook_resid_post", [2], WIDTH)
    value = torch.tensor(edit.value, requires_grad=True)
    edit = Edit(edit.site, edit.when, edit.units, edit.keep, edit.hold, value)
    network(draw_tokens(BATCH, TIME), intervene=[edit]).logits.square().sum().backward()
    assert value.grad is not None
    assert not value.grad[0].any()
    assert (value.grad[1:, : WIDTH // 2] != 0).all()
    assert not value.grad[:, WIDTH // 2 :].any()


# weights on disk


@each
@torch.no_grad()
def test_fresh_weights_depend_on_the_seed_alone(models_folder: Path, name: str) -> None:
    settings = HuggingFaceSettings(path=str(models_folder / name))
    symbols, tokens = [str(i) for i in range(VOCABULARY)], draw_tokens(BATCH, TIME)
    before = torch.get_rng_state()
    one, again, other = (HuggingFace.untrained(settings, symbols, [seed]) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    site = "blocks.2.hook_resid_post"
    a, b, c, trained = (
        network(tokens, record=[site]).activations[site]
        for network in (one, again, other, open_model(models_folder, name))
    )
    assert torch.equal(a, b)
    assert not torch.allclose(a, c)
    assert not torch.allclose(a, trained)
    assert isinstance(build(settings, VOCABULARY, [3]), HuggingFace)


def test_a_reference_leads_to_the_network_and_to_its_untrained_twin(
    models_folder: Path, tmp_path: Path
) -> None:
    model = copy_model(models_folder, "gpt2", tmp_path)
    settings, tokens = HuggingFaceSettings(path=str(model)), draw_tokens(BATCH, TIME)
    network = HuggingFace.open(settings, seed=7)
    save_reference(network, tmp_path / "run")
    assert sum(f.stat().st_size for f in (tmp_path / "run").glob("*.safetensors")) < 100
    same, untrained = from_pretrained(tmp_path / "run"), from_pretrained(tmp_path / "run", 0)
    assert torch.equal(same(tokens).logits, network(tokens).logits)
    twin = HuggingFace.untrained(settings, network.symbols, [7])
    assert torch.equal(untrained(tokens).logits, twin(tokens).logits)
    with pytest.raises(NetworkError, match="step 5 was not kept"):
        from_pretrained(tmp_path / "run", 5)
    with pytest.raises(NetworkError, match="stays in its own directory"):
        save_pretrained(network, tmp_path / "other")
    weights = model / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(NetworkError, match="is not the one that this refers to"):
        from_pretrained(tmp_path / "run")


@torch.no_grad()
def test_shards_are_read_together(models_folder: Path, tmp_path: Path) -> None:
    whole = open_model(models_folder, "llama")
    whole.model.save_pretrained(tmp_path / "parts", max_shard_size="6KB")  # type: ignore[operator]
    assert len(weight_files(tmp_path / "parts")) > 1
    tokens = draw_tokens(BATCH, TIME)
    assert torch.equal(open_model(tmp_path, "parts")(tokens).logits, whole(tokens).logits)


# bad input


def edit_config(model: Path, **keys: object) -> None:
    config = json.loads((model / "config.json").read_text()) | keys
    (model / "config.json").write_text(json.dumps(config))


def shard(model: Path) -> None:
    weights = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (model / "model.safetensors").rename(model / weights["a"])
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))


def cut_short(model: Path, size: int) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])


def pickle_weights(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")


def forget_readout(model: Path) -> None:
    """Saves the bare model, and says that it is whole."""
    bare = transformers.AutoModel.from_pretrained(model)
    bare.save_pretrained(model)
    edit_config(model, architectures=["LlamaForCausalLM"])


DAMAGE = {
    "no directory": (shutil.rmtree, "no such directory; name one that save_pretrained wrote"),
    "no config": (lambda m: (m / "config.json").unlink(), "has no config.json"),
    "no JSON": (lambda m: (m / "config.json").write_text("{"), "is not readable as JSON"),
    "another kind": (
        lambda m: edit_config(m, architectures=["ViTForImageClassification"], model_type="vit"),
        "got the architecture ViTForImageClassification of type vit; must be a causal language "
        "model .* or one of the encoders bert, distilbert",
    ),
    "unknown family": (
        lambda m: edit_config(m, model_type="lama", architectures=["LamaForCausalLM"]),
        "transformers .* cannot open it: .*lama",
    ),
    "no width": (lambda m: edit_config(m, hidden_size=None), "has none of hidden_size, d_model"),
    "other sizes": (lambda m: edit_config(m, hidden_size=32), "cannot open it"),
    "no weights": (lambda m: (m / "model.safetensors").unlink(), "model.safetensors is missing"),
    "pickle": (pickle_weights, "weights only as .bin, a pickle, .* save_pretrained as safetensors"),
    "missing shard": (shard, "model-00002-of-00002.safetensors is missing; copy the whole"),
    "truncated": (lambda m: cut_short(m, 3000), "got 3000 bytes of .*; copy it again"),
    "truncated header": (lambda m: cut_short(m, 100), "is truncated or no safetensors file"),
    "no readout": (forget_readout, "its weights lack lm_head.weight .1 in all."),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_directory_is_one_sentence(
    models_folder: Path, tmp_path: Path, damage: str
) -> None:
    model = copy_model(models_folder, "llama", tmp_path)
    harm, sentence = DAMAGE[damage]
    harm(model)
    with pytest.raises(NetworkError, match=sentence) as caught:
        open_model(tmp_path, "llama")
    assert "\n" not in str(caught.value)
    assert str(model) in str(caught.value)


def test_an_architecture_without_a_list_of_blocks_is_refused(
    models_folder: Path, tmp_path: Path
) -> None:
    model = copy_model(models_folder, "gpt2", tmp_path)
    found = describe(model)
    edit_config(model, n_layer=4)
    with pytest.raises(NetworkError, match="has no list of 4 blocks"):
        HuggingFace(
            HuggingFaceSettings(path=str(model)),
            ["a"],
            0,
            open_model(models_folder, "gpt2").model,
        )
    assert found.blocks == 3


def test_a_site_that_does_not_run_is_an_error(models_folder: Path) -> None:
    network = open_model(models_folder, "gpt2")
    network._places["blocks.1.hook_mlp_out"] = nn.Identity(), False
    with pytest.raises(SiteError, match=r"blocks.1.hook_mlp_out: its module ran 0 times"):
        network(draw_tokens(BATCH, TIME), record=["blocks.1.*"])
    network._places["blocks.1.hook_mlp_out"] = network.model.get_submodule("lm_head"), False
    with pytest.raises(SiteError, match=r"its module gives \(3, 9, 30\); must be of shape"):
        network(draw_tokens(BATCH, TIME), record=["blocks.1.*"])
    assert not any(module._forward_hooks for module in network.model.modules())


def test_a_network_that_gives_no_cache_is_refused(tmp_path: Path) -> None:
    """RecurrentGemma keeps what it carries over in its own modules."""
    config = transformers.RecurrentGemmaConfig(
        **LLAMA | dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0),
        vocab_size=VOCABULARY,
        lru_width=WIDTH,
        head_dim=WIDTH // 2,
        attention_window_size=8,
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    network = HuggingFace.open(HuggingFaceSettings(path=str(tmp_path)))
    with pytest.raises(NetworkError, match="RecurrentGemmaForCausalLM gives no cache"):
        network(draw_tokens(BATCH, TIME))


def test_symbols_must_be_those_of_the_network(models_folder: Path, tmp_path: Path) -> None:
    model = copy_model(models_folder, "gpt2", tmp_path)
    settings = HuggingFaceSettings(path=str(model))
    few = HuggingFace.open(settings, symbols=["a", "b", "c"])
    tokens = torch.tensor([[0, 2, 1]])
    assert few(tokens).logits.shape == (1, 1, 3, 3)
    assert torch.equal(few(tokens).logits, open_model(tmp_path, "gpt2")(tokens).logits[..., :3])
    with pytest.raises(NetworkError, match=r"got 31 symbols; the network knows 30"):
        HuggingFace.open(settings, symbols=[str(i) for i in range(31)])
    vocabulary = {symbol: at for at, symbol in enumerate("abc")}
    Tokenizer(models.BPE(vocabulary, [])).save(str(model / "tokenizer.json"))
    assert open_model(tmp_path, "gpt2").symbols == ("a", "b", "c")
    with pytest.raises(NetworkError, match="its tokenizer has 3 symbols, not the 2 symbols given"):
        HuggingFace.open(settings, symbols=["a", "b"])


def test_what_does_not_fit_a_pass_is_refused(models_folder: Path) -> None:
    network = open_model(models_folder, "llama")
    with pytest.raises(NetworkError, match=f"got {CONTEXT + 1} steps .* at most {CONTEXT}"):
        network(draw_tokens(1, CONTEXT + 1))
    state = network(draw_tokens(2, TIME)).state
    with pytest.raises(NetworkError, match="cache: got 2 rows; must be 3"):
        network(draw_tokens(3, 1), state)
    with pytest.raises(NetworkError, match="cache: missing"):
        network(draw_tokens(3, 1), {})
    with pytest.raises(NetworkError, match=r"hook_embed: got shape \(1,\); must be \(1, 2, 16\)"):
        network(draw_tokens(2, 1), {**state, "hook_embed": torch.zeros(1)})
    with pytest.raises(NetworkError, match="which is one; set seeds to 1"):
        build(network.settings, VOCABULARY, [0, 1])
    with pytest.raises(NetworkError, match="the only one"):
        network.select([1])
    tokens = draw_tokens(4, TIME).numpy()
    with pytest.raises(NetworkError, match="read as it is"):
        train(network, tokens, TrainingSettings(steps=1, window=TIME), [0])


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_read_and_does_not_speak(models_folder: Path, name: str) -> None:
    network, tokens = open_model(models_folder, name), draw_tokens(BATCH, TIME)
    output = network(tokens)
    assert output.logits.shape == (1, BATCH, TIME, VOCABULARY)
    with pytest.raises(NetworkError, match="got an encoder, which predicts no next symbol"):
        rollout(network, tokens, 2)
    with pytest.raises(NetworkError, match="an encoder reads a whole sequence at once"):
        network(tokens, output.state)


def test_without_the_library_one_sentence_says_how_to_install_it(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NetworkError, match=r"run: pip install 'chunkscope\[hf\]'"):
        open_model(models_folder, "gpt2")


# in a configuration


def problems(
    run: dict[str, object], source: dict[str, object] | None = None, length: int = CONTEXT
) -> list[str]:
    """What is wrong with a configuration of one run."""
    words = {"grammar": "words", "vocabulary": {"AB": 1.0}}
    raw = {
        "corpora": {"read": {"source": source or words, "recording": {"length": length}}},
        "runs": {"one": {"corpus": "read", "seeds": 1, "training": {"steps": 0}, **run}},
    }
    try:
        check(raw, "my.yaml")
    except ConfigError as error:
        return error.problems
    return []


def ready(path: Path, **more: object) -> dict[str, object]:
    """A run of the network in ``path``."""
    network = {"architecture": "huggingface", "path": str(path)}
    return {"network": network, "studies": ["concepts"], **more}


def test_a_configuration_is_checked_against_the_directory(models_folder: Path) -> None:
    assert problems(ready(models_folder / "gpt2")) == []
    assert problems(ready(models_folder / "t5", sites=["blocks.2.*"])) == []
    assert problems(ready(models_folder / "gtp2", seeds=3)) == [
        f"my.yaml: runs.one.network.path: {models_folder / 'gtp2'}: no such directory; name one "
        "that save_pretrained wrote"
    ]
    assert problems(ready(models_folder / "gpt2", seeds=3, training={}, sites=["blocks.3.*"])) == [
        "my.yaml: runs.one.seeds: got 3; must be 1, since a ready network is one",
        "my.yaml: runs.one.training.steps: got 1000; must be 0, since a ready network is not "
        "trained",
        "my.yaml: runs.one.sites: site 'blocks.3.*' matches nothing; this network has "
        + ", ".join(site_names(HuggingFaceSettings(path=str(models_folder / "gpt2")))),
    ]
    assert problems(ready(models_folder / "gpt2"), {"grammar": "text", "tokenizer": 300}) == [
        "my.yaml: corpora.read.source.tokenizer: got 300; must be the tokenizer of the network of "
        f"run one: {models_folder / 'gpt2'}"
    ]
    (said,) = problems(ready(models_folder / "t5", studies=["chunks"], sites=["layers.0.hook_h"]))[
        :1
    ]
    assert said.startswith("my.yaml: runs.one.studies: got chunks, which are what a network")


def test_a_sequence_longer_than_the_network_reads_is_refused(models_folder: Path) -> None:
    for name in ("mamba", "rwkv", "t5"):
        assert problems(ready(models_folder / name), length=CONTEXT + 1) == []
    for name in ("gpt2", "llama", "bert"):
        (said,) = problems(ready(models_folder / name), length=CONTEXT + 1)
        assert said == (
            f"my.yaml: corpora.read.recording.length: got {CONTEXT + 1}; must be at most {CONTEXT},"
            " the context of runs.one.network"
        )
