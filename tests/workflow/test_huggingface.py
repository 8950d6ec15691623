"""A ready network through the workflow: adopted, recorded, read, and made to speak."""

from __future__ import annotations

import json
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pandas as pd
import pytest
import transformers
import yaml
from running import ROOT, copy_project, planned, snakemake

from chunkscope.grammars.tokenisation import train_tokenizer
from chunkscope.store import ActivationStore

SYMBOLS = 300
SMALL = {
    "concepts": {
        "offsets": [0],
        "most": 3,
        "averaging": {"examples": 2, "min_occurrences": 4, "tolerances": [1.0, 0.3, 0.1, 0.03]},
        "autoencoder": {"latents": 16, "active": 2, "epochs": 2},
        "grafts": {"offsets": [0], "prompts": 2, "steps": 4},
    },
    "prototypes": {"sizes": [4], "fit": {"epochs": 2}, "permutations": 5},
}
SPECIAL = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a tiny causal network and a tiny encoder beside it, and their config."""
    folder = copy_project(tmp_path_factory.mktemp("huggingface") / "project")
    tokenizer = train_tokenizer(list(topics.values())[:20], SYMBOLS)
    gpt2 = transformers.GPT2Config(
        vocab_size=SYMBOLS, n_embd=16, n_layer=2, n_head=2, n_positions=64, **SPECIAL
    )
    t5 = transformers.T5Config(
        vocab_size=SYMBOLS, d_model=16, num_layers=2, num_heads=2, d_kv=8, d_ff=32, **SPECIAL
    )
    transformers.GPT2LMHeadModel(gpt2).save_pretrained(folder / "models/mine")
    transformers.T5EncoderModel(t5).save_pretrained(folder / "models/encoder")
    for name in ("mine", "encoder"):
        tokenizer.save(str(folder / f"models/{name}/tokenizer.json"))
    config = yaml.safe_load((ROOT / "config/examples/huggingface.yaml").read_text()) | SMALL
    config["corpora"]["help"]["recording"] = {"train": 100, "test": 100, "length": 64}
    config["runs"]["mine"] |= {"sites": ["hook_embed", "blocks.1.hook_resid_post"]}
    network = config["runs"]["mine"]["network"] | {"path": "models/encoder"}
    config["runs"]["encoder"] = config["runs"]["mine"] | {"network": network}
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    return folder


def test_a_causal_network_and_an_encoder_are_read(project: Path) -> None:
    tables = [
        "results/concepts/mine/grafts_summary.csv",
        "results/prototypes/mine/summary.csv",
        "results/prototypes/encoder/summary.csv",
    ]
    call = (*tables, "--configfile", "my.yaml", "--cores", "2")
    snakemake(project, *call)

    results = project / "results"
    kept = json.loads((results / "networks/mine/config.json").read_text())
    assert set(kept["sha256"]) == {"config.json", "model.safetensors"}
    assert pd.read_csv(results / "networks/mine/training.csv").empty
    sites = {"hook_embed", "blocks.1.hook_resid_post"}
    for run in ("mine", "encoder"):
        with (
            ActivationStore.open(results / f"activations/{run}.zarr.zip") as store,
            ActivationStore.open(results / f"activations/{run}@step0.zarr.zip") as untrained,
        ):
            assert set(store.sites(0)) == sites
            for site in sites:
                assert store.activations(0, site).shape == (200, 64, 16)
                assert not np.allclose(store.activations(0, site), untrained.activations(0, site))
        aligned = pd.read_csv(results / f"prototypes/{run}/summary.csv")
        assert sites <= set(aligned["site"])
    found = pd.read_csv(results / "concepts/mine/summary.csv")
    assert sites <= set(found["site"])
    assert found.loc[found["method"] == "averaging", "mean"].notna().all()
    grafts = pd.read_csv(results / "concepts/mine/grafts.csv")
    assert (grafts.loc[grafts["condition"] == "target", "fired"].fillna(0) > 0).any()
    assert planned(project, *call) == set()


def test_an_encoder_is_not_asked_to_speak(project: Path) -> None:
    concepts = "results/figures/chunks-concepts.png", "results/figures/chunks-concept-grafts.png"
    said = snakemake(project, *concepts, "--configfile", "my.yaml", "--dry-run", "--forceall")
    assert "Finding the concepts of encoder" in said
    assert "Grafting the concepts of mine" in said
    assert "Grafting the concepts of encoder" not in said


def test_new_weights_are_taken_anew(project: Path) -> None:
    weights = project / "models/mine/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    target = "results/activations/mine.zarr.zip"
    rules = planned(project, target, "--configfile", "my.yaml", "--cores", "1")
    assert rules == {"adopt_network", "record_activations"}
