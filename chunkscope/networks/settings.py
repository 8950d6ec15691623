"""Settings of networks and of their training. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chunkscope.settings import Settings


class AffineSettings(Settings):
    """The recurrence of the chunk papers (arXiv 2502.01803): no nonlinearity, one layer."""

    architecture: Literal["affine"] = "affine"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Hidden units; the paper has 12."""
    layers: Literal[1] = 1
    """An affine network has one layer: a stack of affine maps is an affine map."""


class TanhSettings(Settings):
    """The Elman network: one tanh per step."""

    architecture: Literal["tanh"] = "tanh"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Hidden units per layer."""
    layers: int = Field(default=1, ge=1, le=64)
    """Layers, each reading the hidden states of the one below."""
    leak: float = Field(default=1.0, gt=0, le=1, exclude_if=lambda leak: leak == 1)
    """Share of the state that a step replaces: the length of a step over the units' time constant.
    A saved network says so only where it is not 1."""


class GRUSettings(Settings):
    """The gated recurrent unit, with the gates of ``torch.nn.GRU``."""

    architecture: Literal["gru"] = "gru"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Hidden units per layer."""
    layers: int = Field(default=1, ge=1, le=64)
    """Layers, each reading the hidden states of the one below."""


class LSTMSettings(Settings):
    """Long short-term memory, with the gates of ``torch.nn.LSTM``."""

    architecture: Literal["lstm"] = "lstm"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Hidden units per layer, and as many cells."""
    layers: int = Field(default=1, ge=1, le=64)
    """Layers, each reading the hidden states of the one below."""


class MinGRUSettings(Settings):
    """The minimal gated recurrent unit (arXiv 2410.01201): its gates read the input alone."""

    architecture: Literal["mingru"] = "mingru"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Units of the residual stream, and hidden units per layer."""
    layers: int = Field(default=2, ge=1, le=64)
    """Layers, each reading the stream and adding to it."""


class SSMSettings(Settings):
    """A selective state-space model: the S6 layer of Mamba (arXiv 2312.00752)."""

    architecture: Literal["ssm"] = "ssm"
    """Chooses this model."""
    hidden: int = Field(ge=1, le=65536)
    """Units of the residual stream."""
    state: int = Field(default=8, ge=1, le=256)
    """Numbers that each unit remembers its input by; a layer has `hidden` times as many."""
    layers: int = Field(default=2, ge=1, le=64)
    """Layers, each reading the stream and adding to it."""


class TransformerSettings(Settings):
    """What decoder-only transformers share: pre-norm blocks between tied embeddings."""

    layers: int = Field(default=4, ge=1, le=64)
    """Blocks."""
    width: int = Field(default=64, ge=2, le=65536)
    """Units of the stream; the hidden units of a block are four times as many."""
    heads: int = Field(default=4, ge=1, le=256)
    """Attention heads per block; they share `width` among them."""
    context: int = Field(default=128, ge=2, le=65536)
    """Symbols that a pass may reach back; a longer sequence is refused."""
    positions: Literal["rotary", "learned"] = "rotary"
    """Whether queries and keys are turned by their position (arXiv 2104.09864), or each position
    has a vector of its own that is added to the embedding, as in GPT-2."""
    initial_sd: float = Field(default=0.02, gt=0)
    """Standard deviation of the initial weights, as in GPT-2; where they write to the stream it is
    divided by the root of twice the layers. A narrow network may need more to learn at all."""
    embedding_sd: float = Field(default=0.02, gt=0)
    """Standard deviation of the initial embeddings."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"width: got {self.width} for {self.heads} heads; must be a multiple of "
                f"{2 * self.heads}, since each head turns pairs of units by their position"
            )
        return self


class GPTSettings(TransformerSettings):
    """A GPT: blocks of attention and an MLP, each of which adds to the residual stream."""

    architecture: Literal["gpt"] = "gpt"
    """Chooses this model."""
    activation: Literal["gelu", "relu"] = "gelu"
    """What an MLP makes of its hidden units."""
    bias: bool = True
    """Whether maps and norms add a bias."""


class CRATESettings(TransformerSettings):
    """CRATE (arXiv 2410.16443): attention in subspaces, and a sparse code in place of the MLP."""

    architecture: Literal["crate"] = "crate"
    """Chooses this model."""
    iterations: int = Field(default=2, ge=1, le=1000)
    """Steps of ISTA by which a block finds its code."""
    step_size: float = Field(default=0.1, gt=0)
    """Size of each."""
    penalty: float = Field(default=0.1, ge=0)
    """What a step takes off every code unit, times its size: the weight of the code's L1 norm."""
    skip: bool = False
    """Whether what the code says is added to the stream, instead of taking its place."""
    tied: bool = True
    """Whether the dictionary that finds the code also reads it; else a block has two."""
    attention: Literal["subspace", "full"] = "subspace"
    """Whether queries, keys and values of a head are one projection, or three as in a GPT."""


class HuggingFaceSettings(Settings):
    """A network of a directory that `save_pretrained` of Hugging Face wrote, ready as it is."""

    architecture: Literal["huggingface"] = "huggingface"
    """Chooses this model."""
    path: str = Field(min_length=1)
    """The directory: `config.json` beside weights as safetensors, of a causal language model or an
    encoder. Nothing is ever downloaded."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Numbers that the network computes with; `auto` takes those of its weights. Activity is
    recorded as float32."""


RecurrentSettings = AffineSettings | TanhSettings | GRUSettings | LSTMSettings
"""Settings of the recurrent family."""

ResidualSettings = MinGRUSettings | SSMSettings
"""Settings of recurrences on a residual stream, whose gates read the input alone."""

NetworkSettings = Annotated[
    RecurrentSettings | ResidualSettings | GPTSettings | CRATESettings | HuggingFaceSettings,
    Field(discriminator="architecture"),
]
"""Settings of a network; ``architecture`` says which."""


class TrainingSettings(Settings):
    """How an ensemble is trained to predict the next symbol."""

    steps: int = Field(default=1000, ge=0)
    """Updates of the weights."""
    batch: int = Field(default=32, ge=1)
    """Windows per update and member."""
    window: int = Field(default=100, ge=2)
    """Symbols per training window; its last symbol is a target only."""
    learning_rate: float = Field(default=0.005, gt=0)
    """Step size of the optimizer."""
    warmup: int = Field(default=0, ge=0)
    """Updates over which the learning rate rises from 0 in equal steps."""
    decay: Literal["none", "cosine"] = "none"
    """How the learning rate falls after the warm-up; `cosine` ends at a tenth of it."""
    optimizer: Literal["adam"] = "adam"
    """The update rule; Adam with torch's default moments."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Share of each weight matrix that an update takes away, per unit of the learning rate
    (AdamW: arXiv 1711.05101); biases keep all."""
    gradient_clip: float | None = Field(default=1.0, gt=0)
    """Largest L2 norm of one member's gradient; null leaves it as it is."""
    sparsity: float = Field(default=0.0, ge=0)
    """Weight of the mean absolute activity of a transformer's code units (`blocks.*.mlp.hook_post`)
    in what is minimised, in nats per unit of it, beside the cross-entropy."""
    precision: Literal["single", "mixed"] = "single"
    """Numbers that an update computes with; `mixed` takes products of matrices in bfloat16, which
    is meant for a GPU. Weights, Adam's moments and losses stay in single precision, and so does
    every evaluation."""
    evaluate_every: int = Field(default=100, ge=1)
    """Steps between rows of the history."""
    checkpoints: tuple[int, ...] = (0,)
    """Steps whose weights are kept besides the last; 0 is the untrained network."""
    resume_every: int = Field(default=500, ge=1)
    """Steps between the states from which an interrupted training goes on."""

    def updates(self) -> Self:
        """The same training, with the defaults for when it is looked at and kept."""
        watched = ("evaluate_every", "checkpoints", "resume_every")
        fields = type(self).model_fields
        return self.model_copy(update={key: fields[key].default for key in watched})

    @model_validator(mode="after")
    def _checkpoints_within_training(self) -> Self:
        outside = [step for step in self.checkpoints if not 0 <= step <= self.steps]
        if outside:
            raise ValueError(
                f"checkpoints: got {outside}; each must lie in 0..{self.steps} (steps)"
            )
        return self
