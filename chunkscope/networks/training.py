"""Training an ensemble to predict the next symbol, so that it can be interrupted anywhere.

Every member draws its own windows and starts each from the zero state, as the chunk papers do
(arXiv 2502.01803). The loss is the *mean* cross-entropy over a window where theirs is the sum;
Adam divides a gradient by its own size, so that the scale matters to the clip alone (and, very
little, to numbers whose gradient comes near the 1e-8 that Adam adds to it). Members never touch
each other: Adam works number by number, and the gradient is clipped per member. The windows of a
step depend on the member's seed and the step alone, so a training that goes on needs no state of
a generator.

What is minimised is the cross-entropy, to which ``sparsity`` adds the mean absolute activity of a
transformer's code units: over all symbols that a window reads, and over blocks. What the history
tells, and what must be finite, is the cross-entropy alone, so that trainings can be compared. In
mixed precision it is that of the mixed pass; evaluations are always in single precision.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.checkpoints import save_tensors
from chunkscope.networks.huggingface import HuggingFace
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.networks.settings import TrainingSettings
from chunkscope.networks.sites import CODE_SITES, matching_sites

FINAL_RATE = 0.1  # of the learning rate, where a cosine ends
EVALUATION_SYMBOLS = 20_000  # symbols per pass of an evaluation, which bounds its memory


@dataclass(frozen=True)
class Row:
    """One member at one step. Losses are cross-entropies in nats per symbol."""

    step: int
    seed: int
    training_loss: float | None
    """Mean over the steps since the last row; None at step 0."""
    loss: float | None
    """On the validation sequences; None without them."""
    accuracy: float | None
    """Share of validation symbols whose most probable prediction is right."""


@dataclass
class History:
    """How a training went.

    Attributes:
        rows: one per evaluated step and seed.
        checkpoints: step -> weights, as ``load_state_dict`` takes them.
    """

    rows: list[Row] = field(default_factory=list)
    checkpoints: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def columns(self) -> dict[str, list[float | None]]:
        """The rows as a table: column -> values."""
        return {name: [getattr(r, name) for r in self.rows] for name in Row.__annotations__}


def train(
    network: Network,
    tokens: np.ndarray,
    settings: TrainingSettings,
    window_seeds: Sequence[int],
    validation: np.ndarray | None = None,
    device: str = "cpu",
    progress: Callable[[int, float], None] | None = None,
    resume_dir: Path | None = None,
    scored: np.ndarray | None = None,
    validation_scored: np.ndarray | None = None,
) -> History:
    """Trains ``network`` in place.

    Args:
        tokens: (sequence, time) symbols to train on, or (seed, sequence, time) where every member
            has a corpus of its own.
        window_seeds: per member, the seed of its draws of windows.
        validation: symbols to evaluate on, likewise.
        scored: bool, as ``tokens``: the symbols that are to be predicted, such as those of an
            answer; all of them if None.
        validation_scored: likewise, of ``validation``.
        progress: called after every step with the steps done and their mean loss; if None, a
            :class:`~chunkscope.networks.progress.StepReport` on standard error.
        resume_dir: where the state of training is kept. A call that finds one goes on from it
            and ends with the same bytes as one that was never interrupted.

    Raises:
        NetworkError: network, data or seeds do not fit, a loss is not finite, or ``resume_dir``
            holds another training.
    """
    _check(network, tokens, settings, window_seeds, validation)
    _check_scored("scored", tokens, scored)
    _check_scored("validation_scored", validation, validation_scored)
    report = progress or StepReport(settings.steps)
    network.to(device)
    run = _Run(network, settings)
    data = tokens, scored, validation, validation_scored
    identity = _identity(network, settings, window_seeds, data)
    resume_file = None if resume_dir is None else resume_dir / "training.safetensors"
    if resume_file is not None and resume_file.exists():
        run.restore(resume_file, identity)
    else:
        run.keep(validation, validation_scored)
    while run.step < settings.steps:
        cells = window_cells(tokens.shape, settings, window_seeds, run.step)
        windows = torch.from_numpy(tokens[cells]).to(device, torch.long)
        counted = None if scored is None else torch.from_numpy(scored[cells]).to(device)
        loss = run.update(windows, counted)
        run.keep(validation, validation_scored)
        if resume_file is not None and _due(run.step, settings.resume_every, settings.steps):
            run.save(resume_file, identity)
        report(run.step, loss)
    return run.history


def draw_windows(
    tokens: np.ndarray, settings: TrainingSettings, window_seeds: Sequence[int], step: int
) -> np.ndarray:
    """The windows (seed, batch, window) of ``step``: random sequence, random start.

    ``tokens`` are (sequence, time), or (seed, sequence, time) where members differ.
    """
    return tokens[window_cells(tokens.shape, settings, window_seeds, step)]


def window_cells(
    shape: Sequence[int], settings: TrainingSettings, window_seeds: Sequence[int], step: int
) -> tuple[np.ndarray, ...]:
    """Where the windows of ``step`` lie in an array of this shape, see :func:`draw_windows`."""
    *members, sequences, time = shape
    starts = time - settings.window + 1
    drawn = np.stack(
        [
            np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, step])).integers(
                sequences * starts, size=settings.batch
            )
            for seed in window_seeds
        ]
    )
    sequence, start = (index[..., None] for index in np.divmod(drawn, starts))
    cells = sequence, start + np.arange(settings.window)
    own = (np.arange(*members)[:, None, None],) if members else ()
    return own + cells


def evaluate(
    network: Network, tokens: np.ndarray, scored: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean cross-entropy (nats per symbol) and accuracy of each member.

    ``tokens`` are (sequence, time), or (seed, sequence, time) where members differ; ``scored`` says
    of each symbol whether it counts, as in :func:`train`.
    """
    sequences, time = tokens.shape[-2:]
    size = max(1, EVALUATION_SYMBOLS // time)
    loss, right, seen = np.zeros((3, len(network.seeds)))
    with torch.no_grad():
        for first in range(0, sequences, size):
            rows = np.s_[..., first : first + size, :]
            symbols = torch.from_numpy(tokens[rows].astype(np.int64))
            logits = network(symbols[..., :-1]).logits
            targets = symbols[..., 1:].to(logits.device).expand(logits.shape[:-1])
            counted = torch.ones_like(targets, dtype=torch.bool)
            if scored is not None:
                counted &= torch.from_numpy(scored[rows])[..., 1:].to(logits.device)
            nats = cross_entropy(logits, targets).double()
            loss += (nats * counted).sum((1, 2)).cpu().numpy()
            right += ((logits.max(-1).indices == targets) & counted).sum((1, 2)).cpu().numpy()
            seen += counted.sum((1, 2)).cpu().numpy()
    return loss / seen, right / seen


class _Run:
    """The state of a training: weights, Adam's moments, step and history."""

    def __init__(self, network: Network, settings: TrainingSettings) -> None:
        self.network = network
        self.settings = settings
        self.step = 0
        self.history = History()
        self.adam = torch.optim.Adam(network.parameters(), settings.learning_rate, fused=True)
        self.loss_sum = np.zeros(len(network.seeds))  # since the last row of the history
        self.loss_steps = 0

    def update(self, windows: Tensor, scored: Tensor | None) -> float:
        """One step of Adam on windows (seed, batch, time); the mean loss over members."""
        losses, minimised = self._losses(windows, scored)
        self.adam.zero_grad()
        minimised.sum().backward()
        if self.settings.gradient_clip is not None:
            clip_members(self.network, self.settings.gradient_clip)
        self._decay_and_step()
        self.step += 1
        return self._note(losses.detach().double().cpu().numpy())

    def _losses(self, windows: Tensor, scored: Tensor | None) -> tuple[Tensor, Tensor]:
        """Each member's cross-entropy, and what is minimised, (seed,) both."""
        mixed, sparsity = self.settings.precision == "mixed", self.settings.sparsity
        with torch.autocast(windows.device.type, torch.bfloat16, enabled=mixed):
            output = self.network(windows[:, :, :-1], record=CODE_SITES if sparsity else ())
            nats = cross_entropy(output.logits, windows[:, :, 1:])
        if scored is None:
            losses = nats.mean((1, 2))
        else:
            counted = scored[:, :, 1:]
            losses = (nats * counted).sum((1, 2)) / counted.sum((1, 2)).clamp(min=1)
        if not sparsity:
            return losses, losses
        return losses, losses + sparsity * mean_activity(output.activations)

    def _decay_and_step(self) -> None:
        rate = learning_rate(self.settings, self.step)
        if self.settings.weight_decay:
            matrices = [p for p in self.network.parameters() if p.ndim > 2]  # axis 0 is the seed
            with torch.no_grad():
                for matrix in matrices:
                    matrix.mul_(1 - rate * self.settings.weight_decay)
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()

    def _note(self, losses: np.ndarray) -> float:
        for seed, loss in zip(self.network.seeds, losses, strict=True):
            if not np.isfinite(loss):
                raise NetworkError(
                    f"training: the loss of seed {seed} is {loss} at step {self.step}; lower "
                    "training.learning_rate or set training.gradient_clip"
                )
        self.loss_sum += losses
        self.loss_steps += 1
        return float(losses.mean())

    def keep(self, validation: np.ndarray | None, scored: np.ndarray | None) -> None:
        """Adds to the history what is due at this step."""
        if _due(self.step, self.settings.evaluate_every, self.settings.steps):
            self._evaluate(validation, scored)
        if self.step in (*self.settings.checkpoints, self.settings.steps):
            weights = {k: v.detach().cpu().clone() for k, v in self.network.state_dict().items()}
            self.history.checkpoints[self.step] = weights

    def _evaluate(self, validation: np.ndarray | None, scored: np.ndarray | None) -> None:
        loss, accuracy = None, None
        if validation is not None:
            loss, accuracy = evaluate(self.network, validation, scored)
        mean = (self.loss_sum / max(1, self.loss_steps)).tolist()
        for member, seed in enumerate(self.network.seeds):
            self.history.rows.append(
                Row(
                    step=self.step,
                    seed=seed,
                    training_loss=mean[member] if self.step else None,
                    loss=None if loss is None else float(loss[member]),
                    accuracy=None if accuracy is None else float(accuracy[member]),
                )
            )
        self.loss_sum, self.loss_steps = np.zeros_like(self.loss_sum), 0

    def save(self, path: Path, identity: str) -> None:
        """Writes the whole state into one file, in one move."""
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {f"weight/{k}": v for k, v in self.network.state_dict().items()}
        for (name, _), moments in zip(
            self.network.named_parameters(), self.adam.state.values(), strict=True
        ):
            tensors |= {f"adam/{name}/{k}": v for k, v in moments.items()}
        for step, weights in self.history.checkpoints.items():
            tensors |= {f"checkpoint/{step}/{k}": v for k, v in weights.items()}
        progress = {
            "identity": identity,
            "step": self.step,
            "rows": [asdict(row) for row in self.history.rows],
            "loss_sum": self.loss_sum.tolist(),
            "loss_steps": self.loss_steps,
        }
        save_tensors(tensors, path, {"progress": json.dumps(progress)})

    def restore(self, path: Path, identity: str) -> None:
        """Goes back to the state that :meth:`save` wrote."""
        try:
            with safe_open(path, "pt") as file:
                progress = json.loads(file.metadata()["progress"])
            tensors = load_file(path)
        except SafetensorError as error:
            raise NetworkError(f"{path} is not readable ({error}); delete it") from None
        if progress["identity"] != identity:
            raise NetworkError(
                f"{path} belongs to a training with other data, seeds or settings; delete it, or "
                "give another resume_dir"
            )
        self.step = progress["step"]
        self.loss_sum = np.array(progress["loss_sum"])
        self.loss_steps = progress["loss_steps"]
        self.history.rows = [Row(**row) for row in progress["rows"]]
        for name, tensor in tensors.items():
            kind, rest = name.split("/", 1)
            if kind == "checkpoint":
                step, weight = rest.split("/", 1)
                self.history.checkpoints.setdefault(int(step), {})[weight] = tensor
        self.network.load_state_dict(_under(tensors, "weight/"))
        optimizer = self.adam.state_dict()
        optimizer["state"] = {
            index: _under(tensors, f"adam/{name}/")
            for index, (name, _) in enumerate(self.network.named_parameters())
        }
        self.adam.load_state_dict(optimizer)


def learning_rate(settings: TrainingSettings, step: int) -> float:
    """The step size of the update after ``step`` updates."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    if settings.decay == "none":
        return settings.learning_rate
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    share = FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * done)) / 2
    return settings.learning_rate * share


def clip_members(network: nn.Module, largest: float) -> None:
    """Scales each member's gradient down to the L2 norm ``largest`` where it is longer."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    squares = torch.stack([gradient.flatten(1).double().square().sum(1) for gradient in gradients])
    scale = (largest / squares.sum(0).sqrt().clamp(min=1e-12)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropies (seed, batch, time) in nats of logits (seed, batch, time, vocabulary).

    Works in the layout (seed, vocabulary, time, batch) that the readout writes.
    """
    classes_first, targets = logits.permute(0, 3, 2, 1), targets.transpose(1, 2)
    losses = functional.cross_entropy(classes_first, targets, reduction="none")
    return losses.transpose(1, 2)


def mean_activity(activations: Mapping[str, Tensor]) -> Tensor:
    """Each member's mean absolute activity over windows, steps and units, the mean of its sites."""
    sites = [site.abs().mean((1, 2, 3), dtype=torch.float32) for site in activations.values()]
    return torch.stack(sites).mean(0)


def _due(step: int, every: int, last: int) -> bool:
    return step % every == 0 or step == last


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _check(
    network: Network,
    tokens: np.ndarray,
    settings: TrainingSettings,
    window_seeds: Sequence[int],
    validation: np.ndarray | None,
) -> None:
    if isinstance(network, HuggingFace):
        raise NetworkError(
            "training: got a Hugging Face network, which is read as it is; train it with "
            "transformers and save it again"
        )
    if network.channels is not None:
        raise NetworkError(
            f"training: got a network that reads the channels {', '.join(network.channels)}; the "
            "next symbol is learned by networks that read symbols: build it without channels"
        )
    if settings.sparsity and not matching_sites(CODE_SITES, network.sites):
        raise NetworkError(
            f"training.sparsity: got {settings.sparsity:g}; must be 0 for the architecture "
            f"{network.settings.architecture}, which has no code units ({', '.join(CODE_SITES)})"
        )
    _check_shape(network, "tokens", tokens, settings.window, "training.window = ")
    if validation is not None:
        _check_shape(network, "validation", validation, 2)
    if len(window_seeds) != len(network.seeds):
        raise NetworkError(
            f"training: got {len(window_seeds)} window seeds for {len(network.seeds)} members; "
            "give one each"
        )


def _check_shape(
    network: Network, name: str, tokens: np.ndarray, steps: int, why: str = ""
) -> None:
    members = len(network.seeds)
    fits = tokens.ndim == 2 or (tokens.ndim == 3 and tokens.shape[0] == members)
    if not fits or tokens.shape[-2] < 1 or tokens.shape[-1] < steps:
        raise NetworkError(
            f"training: got {name} of shape {tokens.shape}; must be (sequence, time) or "
            f"({members} seeds, sequence, time), with at least {why}{steps} steps of time"
        )


def _check_scored(name: str, tokens: np.ndarray | None, scored: np.ndarray | None) -> None:
    if scored is None:
        return
    shape = None if tokens is None else tokens.shape
    if scored.dtype != bool or scored.shape != shape:
        raise NetworkError(
            f"training: got {name} of {scored.dtype} and shape {scored.shape}; must be bool of "
            f"shape {shape}, as the symbols"
        )
    if not scored[..., 1:].any():
        raise NetworkError(
            f"training: {name}: no symbol but a first one is to be predicted; mark some"
        )


def _identity(
    network: Network,
    settings: TrainingSettings,
    window_seeds: Sequence[int],
    data: Sequence[np.ndarray | None],
) -> str:
    """A digest of everything that steers a training."""
    digest = hashlib.sha256()
    described = [network.settings.model_dump(), network.symbols, network.seeds]
    described += [settings.model_dump(), list(window_seeds)]
    described += [None if array is None else array.shape for array in data]
    digest.update(json.dumps(described).encode())
    for array in data:
        digest.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    for value in network.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
