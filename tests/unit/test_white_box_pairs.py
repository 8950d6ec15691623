"""Which runs of the neurons study are pairs, and which are as published."""

import pytest

from chunkscope.workflow import Config, is_published, white_box_pairs

CRATE = {"architecture": "crate", "layers": 2, "width": 16, "heads": 2, "positions": "learned"}
GPT = {**CRATE, "architecture": "gpt", "activation": "relu", "bias": False}


def config(**runs):
    """Runs of the neurons study, from their network and, if any, their training."""
    named = {
        name: {"corpus": "help", "network": network, "training": training, "studies": ["neurons"]}
        for name, (network, training) in runs.items()
    }
    return Config.model_validate(
        {"corpora": {"help": {"source": {"grammar": "text"}}}, "runs": named}
    )


def test_a_pair_has_one_depth_and_width_and_one_training():
    found = white_box_pairs(
        config(
            crate=(CRATE, {}),
            gpt=(GPT, {}),
            kept=(GPT, {"checkpoints": [0, 10]}),
            sparse=(GPT, {"sparsity": 0.5}),
            longer=(GPT, {"steps": 7777}),
            faster=(GPT, {"learning_rate": 0.05}),
            deeper=({**GPT, "layers": 3}, {}),
            wider=({**GPT, "width": 32}, {}),
        )
    )
    assert found == [("crate", "gpt"), ("crate", "kept"), ("crate", "sparse")]


@pytest.mark.parametrize(
    ("network", "training", "expected"),
    [
        (CRATE, {}, True),
        (GPT, {}, True),
        ({**GPT, "layers": 5, "width": 64}, {}, True),
        ({**CRATE, "skip": True}, {}, False),
        ({**CRATE, "tied": False}, {}, False),
        ({**CRATE, "attention": "full"}, {}, False),
        ({**CRATE, "iterations": 3}, {}, False),
        ({**GPT, "activation": "gelu"}, {}, False),
        (GPT, {"sparsity": 1.0}, False),
        ({"architecture": "gru", "hidden": 4}, {}, False),
    ],
)
def test_variants_are_not_what_was_published(network, training, expected):
    run = config(crate=(CRATE, {}), one=(GPT, {})).runs["one"]
    changed = {"network": network, "training": {**run.training.model_dump(), **training}}
    assert is_published(type(run).model_validate({"corpus": "help", **changed})) is expected
