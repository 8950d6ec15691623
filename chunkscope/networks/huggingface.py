"""Any causal language model or encoder of a local Hugging Face directory, as an ensemble of one.

Activity is read and changed by hooks on the model's own modules: the embedding, and the blocks,
which are the outermost list of as many modules as ``config.json`` counts. A site whose module
does not run exactly once in a pass, or gives another shape, is an error. Activity is tapped as
float32 whatever the weights are.

The state that continues a pass holds the model's own cache. Models change their cache in place, and
some (Mamba) forget it when they read several symbols at once; so a cache is copied before it is
used, and a pass that goes on from one reads step by step.

Only this module imports ``transformers``, and only when a network is opened. It never reaches the
network, runs no code of a directory, and reads no pickle.

Example:
    >>> network = HuggingFace.open(HuggingFaceSettings(path="models/gpt2"))
    >>> network(tokens, record=["blocks.*.hook_resid_post"]).activations
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import torch
from torch import Tensor, nn

from chunkscope.errors import NetworkError
from chunkscope.grammars.tokenisation import load_tokenizer, symbols_of
from chunkscope.networks.caches import Carried, lend, take_back
from chunkscope.networks.directories import PARTS, Description, describe, weight_files
from chunkscope.networks.edits import BoundEdit, Edit
from chunkscope.networks.hooks import Place, tapped
from chunkscope.networks.network import Network, Output
from chunkscope.networks.settings import HuggingFaceSettings
from chunkscope.networks.sites import match_sites, site_widths, unknown_site
from chunkscope.networks.taps import PassTap

CACHE = "cache"  # the entry of a state that is not the activity of a site
CACHES = ("past_key_values", "cache_params", "state")  # its name in one family or another


class HuggingFace(Network):
    """One ready network; see the module.

    Attributes:
        model: the model of ``transformers``.
    """

    settings: HuggingFaceSettings

    def __init__(
        self, settings: HuggingFaceSettings, symbols: Sequence[str], seed: int, model: nn.Module
    ) -> None:
        """Wraps ``model``, which was made of the directory that ``settings`` name.

        Raises:
            NetworkError: there are more symbols than the model knows, or its blocks are not found.
        """
        nn.Module.__init__(self)
        self._found = describe(settings.path)
        if len(symbols) > self._found.vocabulary:
            raise NetworkError(
                f"{settings.path}: got {len(symbols)} symbols; the network knows "
                f"{self._found.vocabulary}: give the corpus the tokenizer of the network"
            )
        self.settings, self.symbols, self.seeds = settings, tuple(symbols), (seed,)
        self.predicts = self._found.predicts
        self.model = model.eval()
        self._widths = site_widths(settings)
        self._places = find_places(model, self._found, settings.path)
        self._cache_name = cache_name(model)

    @classmethod
    def open(
        cls, settings: HuggingFaceSettings, symbols: Sequence[str] | None = None, seed: int = 0
    ) -> Self:
        """The network as its directory has it, on the CPU.

        Args:
            symbols: names of the first of its symbols; if None, those of the directory's
                ``tokenizer.json``, or their numbers where it has none.
            seed: by which its untrained twin is drawn.

        Raises:
            NetworkError: the directory cannot be read, lacks weights, or has other symbols.
        """
        describe(settings.path)
        weight_files(settings.path)
        names = symbols_in(settings.path) if symbols is None else symbols
        check_symbols(settings.path, names)
        return cls(settings, names, seed, _load(settings))

    @classmethod
    def untrained(
        cls, settings: HuggingFaceSettings, symbols: Sequence[str], seeds: Sequence[int]
    ) -> Self:
        """The same architecture with fresh weights, drawn as its authors draw them.

        They depend on the seed alone and leave torch's own random state as it was.

        Raises:
            NetworkError: more than one seed, or the directory cannot be read or has other symbols.
        """
        check_symbols(settings.path, symbols)
        if len(seeds) != 1:
            raise NetworkError(
                f"seeds: got {len(seeds)} of a Hugging Face network, which is one; set seeds to 1"
            )
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seeds[0])
            return cls(settings, symbols, seeds[0], _draw(settings))

    def forward(
        self,
        tokens: Tensor,
        state: Mapping[str, Any] | None = None,
        intervene: Sequence[Edit] = (),
        record: Sequence[str] = (),
    ) -> Output:
        """Runs the network over ``tokens``; see :meth:`Network.forward`.

        The logits are of ``symbols`` alone; those of an encoder, which predicts nothing, are NaN.

        Raises:
            NetworkError: with what came before, there are more steps than the network can read;
                or it predicts, and gives no cache.
        """
        symbols = self.check_tokens(tokens)[0]
        edits = self.bind(intervene, *symbols.shape)
        if state is None:
            return self._pass(symbols, None, PassTap(edits, self._match(record), {}), edits)
        before, carried = self._resume(state, len(symbols))
        if symbols.shape[1] > 1:
            return self._step_by_step(symbols, state, intervene, record)
        return self._pass(symbols, carried, PassTap(edits, self._match(record), before), edits)

    def _pass(
        self, symbols: Tensor, carried: Carried | None, tap: PassTap, edits: Sequence[BoundEdit]
    ) -> Output:
        batch, time = symbols.shape
        steps = time + (carried.steps if carried else 0)
        self._check_length(steps)
        with tapped(self._places, self._widths, tap, (batch, time)):
            output = self._run(symbols, None if carried is None else carried.cache)
        fired = tuple(edit.fired for edit in edits)
        state: dict[str, Any] = dict(tap.last)
        if not self.predicts:
            nothing = symbols.new_full((1, 1, 1, 1), torch.nan, dtype=torch.float32)
            logits = nothing.expand(1, batch, time, self.vocabulary)
            return Output(logits, state, tap.activations, fired)
        state[CACHE] = Carried(take_back(self._cache_of(output)), batch, steps)
        logits = output.logits[..., : self.vocabulary].float().unsqueeze(0)
        return Output(logits, state, tap.activations, fired)

    def _cache_of(self, output: Any) -> Any:
        cache = output.get(self._cache_name)
        if cache is None:
            raise NetworkError(
                f"{self.settings.path}: {type(self.model).__name__} gives no cache, so that no "
                "pass can go on from another; record its activity yourself (docs/how-to/"
                "own-activations.md)"
            )
        return cache

    def _run(self, symbols: Tensor, cache: object) -> Any:
        if not self.predicts:
            return self.model(input_ids=symbols)
        given = {} if cache is None else {self._cache_name: lend(cache)}
        return self.model(input_ids=symbols, use_cache=True, **given)

    def _step_by_step(
        self,
        symbols: Tensor,
        state: Mapping[str, Any],
        intervene: Sequence[Edit],
        record: Sequence[str],
    ) -> Output:
        steps = []
        for step, now in enumerate(symbols.split(1, 1)):
            edits = [replace(edit, when=edit.when[..., step : step + 1]) for edit in intervene]
            steps.append(self(now, state, edits, record))
            state = steps[-1].state
        return Output(
            torch.cat([output.logits for output in steps], 2),
            steps[-1].state,
            {
                site: torch.cat([output.activations[site] for output in steps], 2)
                for site in steps[0].activations
            },
            tuple(map(sum, zip(*(output.fired for output in steps), strict=True))),
        )

    def _match(self, record: Sequence[str]) -> list[str]:
        return match_sites(record, self.sites)

    def _resume(self, state: Mapping[str, Any], batch: int) -> tuple[dict[str, Tensor], Carried]:
        """The last activity of edited sites, and the cache, both checked."""
        if not self.predicts:
            raise NetworkError(
                "state: an encoder reads a whole sequence at once and carries nothing over; give "
                "none"
            )
        carried = state.get(CACHE)
        if not isinstance(carried, Carried):
            raise NetworkError(
                f"state: {CACHE}: missing; give the whole state of an earlier output"
            )
        if carried.batch != batch:
            raise NetworkError(f"state: {CACHE}: got {carried.batch} rows; must be {batch}")
        before = {site: value for site, value in state.items() if site != CACHE}
        for site, value in before.items():
            if tuple(value.shape) != (shape := (1, batch, self.width(site))):
                raise NetworkError(
                    f"state: {site}: got shape {tuple(value.shape)}; must be {shape}"
                )
        return before, carried

    def _check_length(self, steps: int) -> None:
        context = self._found.context
        if context is not None and steps > context:
            raise NetworkError(
                f"tokens: got {steps} steps with what came before; this network reads at most "
                f"{context}: give shorter sequences"
            )

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of all sites."""
        return tuple(self._widths)

    def width(self, site: str) -> int:
        """Units of ``site``.

        Raises:
            SiteError: this network does not have it.
        """
        if site not in self._widths:
            raise unknown_site(site, self.sites)
        return self._widths[site]

    def select(self, members: Sequence[int]) -> Self:
        """The network itself, its only member.

        Raises:
            NetworkError: ``members`` are not ``[0]``.
        """
        if list(members) != [0]:
            raise NetworkError(f"select: got members {list(members)}; must be [0], the only one")
        return self

    def bind(self, edits: Sequence[Edit], batch: int, time: int) -> list[BoundEdit]:
        """Edits checked against a pass of (batch, time), in float32.

        Raises:
            SiteError: a site that this network does not have.
            InterventionError: a field does not fit.
        """
        like = torch.empty(0, device=next(self.parameters()).device)
        return [BoundEdit(edit, (1, batch, time, self.width(edit.site)), like) for edit in edits]


def symbols_in(path: str | Path) -> tuple[str, ...]:
    """The symbols of a directory's tokenizer; numbers where it has none."""
    if (Path(path) / "tokenizer.json").is_file():
        return symbols_of(load_tokenizer(Path(path)))
    return tuple(map(str, range(describe(path).vocabulary)))


def check_symbols(path: str | Path, symbols: Sequence[str]) -> None:
    """Refuses symbols that mean something else to the directory's own tokenizer, if it has one.

    Raises:
        NetworkError: they are not the tokenizer's.
    """
    if not (Path(path) / "tokenizer.json").is_file():
        return
    own = symbols_in(path)
    if tuple(symbols) != own:
        raise NetworkError(
            f"{path}: its tokenizer has {len(own)} symbols, not the {len(symbols)} symbols given: "
            f"set the corpus' tokenizer to {path}"
        )


def find_places(model: nn.Module, found: Description, path: str) -> dict[str, Place]:
    """Where every site of :func:`chunkscope.networks.sites.site_widths` is.

    Raises:
        NetworkError: the model has no list of as many modules as it should have blocks.
    """
    name = _find_blocks(model, found, path)
    places: dict[str, Place] = {"hook_embed": (_embedding(model, name), False)}
    for index in range(found.blocks):
        at, block = f"blocks.{index}.", model.get_submodule(f"{name}.{index}")
        places[f"{at}hook_resid_pre"] = block, True
        if parts := PARTS.get(found.kind):
            places[f"{at}hook_attn_out"] = block.get_submodule(parts.attention), False
            places[f"{at}mlp.hook_post"] = block.get_submodule(parts.projection), True
            places[f"{at}hook_mlp_out"] = block.get_submodule(parts.mlp), False
        places[f"{at}hook_resid_post"] = block, False
    return places


def _find_blocks(model: nn.Module, found: Description, path: str) -> str:
    """The name of the list of blocks."""
    for name, module in model.named_modules():  # outer modules before those within
        if isinstance(module, nn.ModuleList) and len(module) == found.blocks:
            return name
    raise NetworkError(
        f"{path}: {type(model).__name__} has no list of {found.blocks} blocks, so that its "
        "residual stream cannot be told; record its activity yourself (docs/how-to/"
        "own-activations.md)"
    )


def _embedding(model: nn.Module, blocks: str) -> nn.Module:
    """The embedding of the innermost model that holds the list named ``blocks``.

    T5 keeps one that its encoder and decoder share, and each runs its own.
    """
    owner = blocks
    while owner:
        owner = owner.rpartition(".")[0]
        if find := getattr(model.get_submodule(owner), "get_input_embeddings", None):
            return find()
    raise NetworkError(f"{type(model).__name__} has no embedding of its symbols")


def cache_name(model: nn.Module) -> str:
    """What the model calls the cache that it takes and gives; empty if it has none."""
    taken = inspect.signature(model.forward).parameters
    return next((name for name in CACHES if name in taken), "")


def _load(settings: HuggingFaceSettings) -> nn.Module:
    """The model with its weights.

    Raises:
        NetworkError: transformers cannot open it, or weights are missing.
    """
    with _opening(settings.path) as transformers:
        config, auto = _configured(transformers, settings)
        model, said = auto.from_pretrained(
            settings.path,
            config=config,
            dtype=settings.dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    missing = sorted(name for name in said["missing_keys"] if "pooler" not in name)  # never run
    if missing:
        raise NetworkError(
            f"{settings.path}: its weights lack {', '.join(missing[:3])} ({len(missing)} in all); "
            "save the whole network again"
        )
    return model


def _draw(settings: HuggingFaceSettings) -> nn.Module:
    with _opening(settings.path) as transformers:
        config, auto = _configured(transformers, settings)
        kept = getattr(config, "dtype", None) or torch.float32
        dtype = kept if settings.dtype == "auto" else getattr(torch, settings.dtype)
        return auto.from_config(config, dtype=dtype, trust_remote_code=False)


def _configured(transformers: ModuleType, settings: HuggingFaceSettings) -> tuple[Any, Any]:
    """The model's own configuration, and the class that makes a model of it."""
    predicts = describe(settings.path).predicts
    config = transformers.AutoConfig.from_pretrained(
        settings.path, local_files_only=True, trust_remote_code=False
    )
    if hasattr(config, "rescale_every"):
        config.rescale_every = 0  # RWKV would halve its stream every few blocks, for float16
    name = "AutoModelForCausalLM" if predicts else "AutoModelForTextEncoding"
    return config, getattr(transformers, name)


@contextmanager
def _opening(path: str) -> Iterator[ModuleType]:
    """The library, whose errors about ``path`` become one sentence."""
    transformers = _transformers()
    try:
        yield transformers
    except (OSError, ValueError, RuntimeError, ImportError, KeyError, AttributeError) as error:
        said = " ".join(str(error).split())
        said = said if len(said) <= 200 else f"{said[:197]}..."
        raise NetworkError(
            f"{path}: transformers {transformers.__version__} cannot open it: {said}"
        ) from error


def _transformers() -> ModuleType:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # RWKV and Mamba look for kernels otherwise
    try:
        import transformers
    except ImportError:
        raise NetworkError(
            "a Hugging Face network needs transformers, which is not installed; run: "
            "pip install 'chunkscope[hf]'"
        ) from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers
