"""The claims about transfer get the verdicts of their rules; settings that do not fit are told."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from chunkscope.experiments.transfer.arms import (
    CONTROL,
    FADING,
    GRAFT,
    PRETRAINED,
    UNTRAINED,
    arms_of,
)
from chunkscope.experiments.transfer.claims import judge_transfer
from chunkscope.experiments.transfer.settings import TransferNetwork, TransferSettings
from chunkscope.networks.settings import AffineSettings, GRUSettings
from chunkscope.statistics.claims import OWN

SEEDS = range(4)
JITTER = (-0.001, 0.001, 0.0005, -0.0005)
GOOD = {
    "start_accuracy": {GRAFT: 0.88, CONTROL: 0.77},
    "early_accuracy": {GRAFT: 0.89, CONTROL: 0.81, FADING: 0.89, UNTRAINED: 0.95},
    "accuracy_on_before": {GRAFT: 0.87, CONTROL: 0.71},
    "link_off": {GRAFT: 0.0, CONTROL: 1.0, FADING: 0.99},
    "link_off_before": {GRAFT: 0.0},
    "elsewhere_off": {GRAFT: 0.82, CONTROL: 0.94},
}
REST = 0.79  # all other arms


def outcomes(**changes: dict[str, float]) -> pd.DataFrame:
    """Outcomes of every arm; ``changes`` are measure -> arm -> mean."""
    arms = [arm.name for arm in arms_of(TransferSettings())]
    rows = [
        {"arm": PRETRAINED, "seed": seed, "measure": "decoding_accuracy", "value": 0.95}
        for seed in SEEDS
    ]
    for measure, means in GOOD.items():
        of_measure = {**dict.fromkeys(arms, REST), **means, **changes.get(measure, {})}
        for at, (arm, mean) in enumerate(of_measure.items()):
            spread = 0 if mean in (0, 1) else 1 + at / 10  # arms do not vary alike
            rows += [
                {"arm": arm, "seed": seed, "measure": measure, "value": mean + spread * jitter}
                for seed, jitter in zip(SEEDS, JITTER, strict=True)
            ]
    return pd.DataFrame(rows)


def verdict(claim_id: str, **changes: dict[str, float]) -> str:
    claims = {claim.id: claim for claim in judge_transfer(outcomes(**changes))}
    return claims[f"chunks-transfer-{claim_id}"].verdict


@pytest.mark.parametrize(
    ("claim", "changes", "expected"),
    [
        ("faster", {}, "reproduced"),
        ("faster", {"start_accuracy": {GRAFT: 0.84}}, "direction only"),
        ("faster", {"start_accuracy": {CONTROL: 0.85}}, "direction only"),
        ("faster", {"early_accuracy": {GRAFT: 0.80}}, "not reproduced"),
        ("faster", {"early_accuracy": {GRAFT: 0.8101}}, "not reproduced"),
        ("specific", {}, "reproduced"),
        ("specific", {"early_accuracy": {"zero": 0.82}}, "direction only"),
        ("specific", {"early_accuracy": {"other donor K": 0.9}}, "not reproduced"),
        ("link", {}, "not reproduced"),
        ("link", {"link_off": {GRAFT: 0.3}}, "direction only"),
        ("link", {"link_off": {GRAFT: 0.95}}, "reproduced"),
        ("fading", {}, "reproduced"),
        ("fading", {"link_off": {FADING: 0.5}}, "direction only"),
        ("fading", {"early_accuracy": {FADING: 0.8}}, "direction only"),
        ("fading", {"link_off": {FADING: 0.0}}, "not reproduced"),
    ],
)
def test_verdicts_follow_the_rules(
    claim: str, changes: dict[str, dict[str, float]], expected: str
) -> None:
    assert verdict(claim, **changes) == expected


def test_the_best_other_state_is_the_one_compared_with() -> None:
    claims = judge_transfer(outcomes(early_accuracy={"other donor G": 0.85}))
    claim = {claim.id: claim for claim in claims}["chunks-transfer-specific"]
    assert claim.value.mean == pytest.approx(0.04)
    assert "other donor G" in claim.control


def test_published_and_own_expectations_stand_apart() -> None:
    claims = judge_transfer(outcomes())
    assert [claim.paper == OWN for claim in claims] == [False, True, True, True]
    assert all(bool(claim.published) == (claim.paper != OWN) for claim in claims)
    assert judge_transfer(None) == []


def test_only_the_papers_network_repeats_the_paper() -> None:
    affine = TransferNetwork(network=AffineSettings(hidden=12), seeds=5)
    gru = TransferNetwork(network=GRUSettings(hidden=12))
    settings = TransferSettings(networks={"few": affine, "gru": gru})
    assert settings.repeats_paper("few")
    assert not settings.repeats_paper("gru")
    for other in ({"donor": "K"}, {"early": 5}, {"smoothing": 3}, {"remembered": 100}):
        assert not settings.model_copy(update=other).repeats_paper("few"), other
    assert settings.model_copy(update={"sequences": 10, "criterion": 0.8}).repeats_paper("few")
    longer = affine.pretraining.model_copy(update={"steps": 170})
    trained = affine.model_copy(update={"pretraining": longer})
    assert not TransferSettings(networks={"few": trained}).repeats_paper("few")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cue": "G"}, r"cue: got 'G'; must be a symbol of transfer: A, B, C, D, E, L, M, N"),
        ({"donor": "j"}, "donor: got 'j'; must be a symbol of pretraining: A, B"),
        ({"other_donors": ["K", "Q"]}, "other_donors: got 'Q'"),
        ({"other_donors": ["K", "J"]}, r"other_donors: got \['J'\] twice"),
        ({"cue": "DL"}, "at most 1 character"),
        ({"criterion": 1.0}, "less than 1"),
        ({"criterion": 0}, "greater than 0"),
        ({"smoothing": 101}, "smoothing: got 101; must be at most 100, the trials of affine12"),
        ({"early": 200}, "early: got 200"),
        ({"length": 399}, "networks.affine12.pretraining.window: got 400"),
        ({"transfer": {"vocabulary": {"ABX": 1.0}}, "cue": "B"}, "symbol 'X' is not in"),
        ({"networks": {}}, "at least 1 item"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TransferSettings.model_validate(wrong)
