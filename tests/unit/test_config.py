"""The configuration: what is accepted, and what is said of what is not."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.reading import read_chunks
from chunkscope.chunks.settings import DensitySettings, MergingSettings
from chunkscope.config import check, load, resolved
from chunkscope.errors import ConfigError
from chunkscope.store import StoreSettings, StoreWriter
from chunkscope.workflow import Config, decoded_points, repeats_reflection, run_points, run_sites

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]

BASE = """
corpora:
  noise: {source: {grammar: words, vocabulary: {AB: 0.5, CD: 0.5}}}
runs:
  one: {corpus: noise, network: {architecture: gru, hidden: 8}}
"""
JARGON = re.compile(
    r"pydantic|http|union|\btag\b|Input|literal|constrained-|function|valid |NoneType|Error|ctx"
)


def problems(raw: object) -> list[str]:
    """The sentences that a configuration, or the text of one, is refused with."""
    with pytest.raises(ConfigError) as caught:
        check(yaml.safe_load(raw) if isinstance(raw, str) else raw, "my.yaml")
    return caught.value.problems


def base(path: str, value: str) -> dict[str, Any]:
    """``BASE`` with the YAML ``value`` at a dotted path."""
    raw = yaml.safe_load(BASE)
    return changed(raw, path.split("."), yaml.safe_load(value))


def changed(raw: Any, path: list[str], value: object) -> Any:
    """``raw`` with ``value`` at ``path``."""
    if not path:
        return value
    key, *rest = path
    if isinstance(raw, list):
        return [
            changed(item, rest, value) if at == int(key) else item for at, item in enumerate(raw)
        ]
    return {**raw, key: changed(raw.get(key, {}), rest, value)}


def leaves(raw: Any, *path: str) -> Iterator[list[str]]:
    """The paths of everything that is neither a mapping nor a list."""
    if isinstance(raw, dict | list):
        for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw):
            yield from leaves(value, *path, str(key))
    else:
        yield list(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_accepted(path: Path) -> None:
    config = load(path)
    assert all(run_sites(run) for run in config.runs.values())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_resolved_configuration_is_the_configuration(path: Path) -> None:
    config = load(path)
    again = check(yaml.safe_load(resolved(config)))
    assert again == config
    assert resolved(again) == resolved(config)


MISTAKES = {
    ("dynamics.tasks", "{compared: {site: hook_h}, cells: {a: {architecture: tanh, hidden: 8}}}"): (
        "dynamics.tasks.compared.site: of a, site 'hook_h' matches nothing; this network has "
        "layers.0.hook_h"
    ),
    # unknown keys, at every depth
    ("sed", "1"): "sed: unknown key; did you mean seed?",
    ("zzz", "1"): "zzz: unknown key; known are seed, device, corpora, runs, store, chunks, "
    "interventions, concepts, prototypes, probing, inversion, dynamics, neurons, experiments, "
    "figures",
    ("chunks.density.min_clutser_size", "5"): "chunks.density.min_clutser_size: unknown key; "
    "did you mean min_cluster_size?",
    ("corpora.noise.source.vocabularyy", "{}"): "corpora.noise.source.vocabularyy: unknown key; "
    "did you mean vocabulary?",
    ("corpora.noise.source.gap", "{kind: fixed, count: 0, p: 1}"): "corpora.noise.source.gap.p: "
    "unknown key; known are kind, count",
    (
        "corpora.noise.source",
        "{grammar: automaton, start: a, states: {a: [{symbol: x, to: a, probability: 1, P: 1}]}}",
    ): "corpora.noise.source.states.a.0.P: unknown key; known are symbol, to, probability",
    ("runs.one.network.dropout", "0.1"): "runs.one.network.dropout: unknown key; known are "
    "architecture, hidden, layers",
    # types and ranges
    ("seed", "x"): "seed: got 'x'; must be a whole number at least 0",
    ("seed", "-1"): "seed: got -1; must be a whole number at least 0",
    ("runs.one.seeds", "1.5"): "runs.one.seeds: got 1.5; must be a whole number from 1 to 1000",
    ("runs.one.seeds", "0"): "runs.one.seeds: got 0; must be a whole number from 1 to 1000",
    ("runs.one", "null"): "runs.one: got null; must be a mapping of corpus, network, seeds, "
    "training, start, sites, studies",
    ("figures", "3"): "figures: got 3; must be a mapping of width, dpi, steps, run, overview",
    ("device", "gpu"): "device: got 'gpu'; must be one of auto, cpu, cuda",
    ("chunks.merging.self_merge", "perhaps"): "chunks.merging.self_merge: got 'perhaps'; must be "
    "true or false",
    ("chunks.density.min_cluster_size", "1"): "chunks.density.min_cluster_size: got 1; must be a "
    "whole number at least 2, or auto",
    ("chunks.density.candidates", "[15, b]"): "chunks.density.candidates.1: got 'b'; must be a "
    "whole number at least 2",
    ("chunks.density.held_out", "1"): "chunks.density.held_out: got 1; must be a number above 0 "
    "and below 1",
    ("runs.one.training.gradient_clip", "0"): "runs.one.training.gradient_clip: got 0; must be a "
    "number above 0",
    ("runs.one.sites", "[]"): "runs.one.sites: got []; must be a list of at least 1, each text",
    ("runs.one.network", "{architecture: affine, hidden: 8, layers: 2}"): "runs.one.network."
    "layers: got 2; must be 1",
    ("runs.one.network", "{architecture: gru}"): "runs.one.network.hidden: missing; must be a "
    "whole number from 1 to 65536",
    ("corpora", "{}"): "corpora: got {}; must be a mapping of at least 1, each value a mapping of "
    "source, training, recording",
    # names of things
    ("corpora.noise.source.grammar", "word"): "corpora.noise.source.grammar: got 'word'; must be "
    "one of addition, automaton, compounds, context, counting, hierarchy, text, words; did you "
    "mean words?",
    ("corpora.noise.source", "{vocabulary: {AB: 1}}"): "corpora.noise.source.grammar: missing; "
    "must be one of addition, automaton, compounds, context, counting, hierarchy, text, words",
    ("corpora.noise.source", "words"): "corpora.noise.source: got 'words'; must be a mapping whose "
    "grammar is one of addition, automaton, compounds, context, counting, hierarchy, text, words",
    ("corpora.noise.source.gap", "{kind: unifrom, low: 0}"): "corpora.noise.source.gap.kind: got "
    "'unifrom'; must be one of fixed, geometric, uniform; did you mean uniform?",
    ("runs.one.network.architecture", "grru"): "runs.one.network.architecture: got 'grru'; must "
    "be one of affine, crate, gpt, gru, huggingface, lstm, mingru, ssm, tanh; did you mean gru?",
    ("runs.one.corpus", "nois"): "runs.one.corpus: got 'nois'; must be noise",
    ("runs.one.studies", "[chunk]"): "runs.one.studies.0: got 'chunk'; must be one of chunks, "
    "interventions, concepts, prototypes, probing, widths, inversion, dynamics, neurons",
    ("runs.one.studies", "[interventions]"): "runs.one.studies: got ['interventions']; "
    "interventions graft the states that chunks finds; add chunks",
    ("runs.one.sites", "[layers.0.hook_c]"): "runs.one.sites: site 'layers.0.hook_c' matches "
    "nothing; this network has layers.0.hook_h, layers.0.hook_gate_r, layers.0.hook_gate_z, "
    "layers.0.hook_gate_n; did you mean layers.0.hook_h?",
    ("chunks.site", "layers.1.hook_h"): "chunks.site: got 'layers.1.hook_h', which run one does "
    "not record; it records layers.0.hook_h; did you mean layers.0.hook_h?",
    ("interventions.sites", "[[layers.0.hook_gate_z]]"): "runs.one.sites: got layers.0.hook_h; "
    "interventions need the whole state and what they change; add layers.0.hook_gate_z",
    ("figures.overview", "two"): "figures.overview: got 'two'; must be one",
    # names that cannot be
    ("runs.a b", "{corpus: noise, network: {architecture: gru, hidden: 8}}"): "runs.a b: got the "
    "name 'a b'; must be letters, digits, - and _: it stands in file names",
    ("corpora.noise.source.vocabulary", "{NO: 1.0}"): "corpora.noise.source.vocabulary.false: got "
    "a key that YAML reads as bool; must be text: quote it",
    ("corpora.noise.source.vocabulary", "{'': 1.0}"): "corpora.noise.source.vocabulary.: got ''; "
    "must be text that is not empty",
    # what does not fit together
    ("corpora.noise.source.vocabulary", "{AB: 0.5, CD: 0.4}"): "corpora.noise.source.vocabulary: "
    "the probabilities of 'AB', 'CD' sum to 0.9; they must sum to 1",
    ("corpora.noise.source.vocabulary", "{AB: 0.5, ABAB: 0.5}"): "corpora.noise.source: word "
    "'ABAB' is shadowed: it can also be read as AB + AB; remove one of them or choose other "
    "symbols",
    ("runs.one.training.window", "200"): "runs.one.training.window: got 200; must be at most 100, "
    "the length of corpora.noise.training",
    ("runs.one.training.sparsity", "0.5"): "runs.one.training.sparsity: got 0.5; must be 0 for "
    "the architecture gru, which has no code units; leave it out, or choose gpt or crate",
    (
        "experiments.transfer.networks",
        "{a: {network: {architecture: affine, hidden: 3}, pretraining: {sparsity: 1}}}",
    ): "experiments.transfer.networks.a.pretraining.sparsity: got 1; must be 0 for the "
    "architecture affine, which has no code units; leave it out, or choose gpt or crate",
    ("interventions.lags", "1"): "interventions.lags: got 1; must be at least 2: the graft matrix "
    "replaces the symbol after a donor and asks for the next",
    ("interventions.lags", "200"): "interventions.lags: got 200; must be at most 100, the length "
    "of corpora.noise.recording",
}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [(path, value, sentence) for (path, value), sentence in MISTAKES.items()],
    ids=[f"{path}={value[:20]}" for path, value in MISTAKES],
)
def test_one_mistake_is_one_sentence(path: str, value: str, sentence: str) -> None:
    assert problems(base(path, value)) == [f"my.yaml: {sentence}"]


def test_all_mistakes_are_told_at_once() -> None:
    """Even what can only be checked across parts, as long as these parts are sound."""
    assert problems("""
        seeed: 1
        corpora:
          noise: {source: {grammar: words, vocabulary: {AB: 1.0}}}
          sum: {source: {grammar: words, vocabulary: {AB: 0.5}}}
          empty: {}
        runs:
          one: {corpus: nose, network: {architecture: gru, hidden: -8}}
          two: {corpus: noise, network: {architecture: lstm, hidden: 8}, sites: [layers.0.hook_z]}
          three: {corpus: sum, network: {architecture: rnn}, studies: []}
        chunks: {density: {variance: 2, candidates: []}, merging: {min_cuont: 3}}
        figures: {run: four, overview: one}
        """) == [
        "my.yaml: corpora.sum.source.vocabulary: the probabilities of 'AB' sum to 0.5; they must "
        "sum to 1",
        "my.yaml: corpora.empty.source: missing; must be a mapping whose grammar is one of "
        "addition, automaton, compounds, context, counting, hierarchy, text, words",
        "my.yaml: runs.one.network.hidden: got -8; must be a whole number from 1 to 65536",
        "my.yaml: runs.three.network.architecture: got 'rnn'; must be one of affine, crate, "
        "gpt, gru, huggingface, lstm, mingru, ssm, tanh",
        "my.yaml: runs.three.studies: got []; must be a list of at least 1, each one of chunks, "
        "interventions, concepts, prototypes, probing, widths, inversion, dynamics, neurons",
        "my.yaml: chunks.density.candidates: needs at least one size",
        "my.yaml: chunks.density.variance: got 2; must be a number above 0 and at most 1",
        "my.yaml: chunks.merging.min_cuont: unknown key; did you mean min_count?",
        "my.yaml: seeed: unknown key; did you mean seed?",
        "my.yaml: runs.one.corpus: got 'nose'; must be one of noise, sum, empty; did you mean "
        "noise?",
        "my.yaml: figures.run: got 'four'; must be one of one, two, three",
        "my.yaml: runs.two.sites: site 'layers.0.hook_z' matches nothing; this network has "
        "layers.0.hook_h, layers.0.hook_c, layers.0.hook_gate_i, layers.0.hook_gate_f, "
        "layers.0.hook_gate_g, layers.0.hook_gate_o; did you mean layers.0.hook_h?",
    ]


def full() -> dict[str, Any]:
    """A configuration with every kind of grammar and network, defaults written out."""
    raw = yaml.safe_load(BASE)
    arcs = [{"symbol": "x", "to": "a", "probability": 1.0}]
    raw["corpora"] |= {
        "context": {"source": {"grammar": "context", "contexts": {"": {"AB": 1.0}}}},
        "tree": {"source": {"grammar": "hierarchy", "level": 2}},
        "machine": {"source": {"grammar": "automaton", "states": {"a": arcs}, "start": "a"}},
    }
    for architecture in ("affine", "tanh", "lstm"):
        network = {"architecture": architecture, "hidden": 8}
        raw["runs"][architecture] = {"corpus": "noise", "network": network}
    return yaml.safe_load(resolved(check(raw)))


FULL = full()


@pytest.mark.parametrize("path", [*leaves(FULL)], ids=".".join)
def test_a_wrong_type_is_found_at_its_own_path_and_told_plainly(path: list[str]) -> None:
    found = problems(changed(FULL, path, {"surprise": 1}))
    assert len(found) == 1
    assert found[0].startswith(f"my.yaml: {'.'.join(path)}")
    assert not JARGON.search(found[0])


@pytest.mark.parametrize("value", ["", "[1]", "text", "3"])
def test_what_is_no_mapping_is_refused(value: str) -> None:
    assert problems(value)[0].endswith("must be a mapping with corpora and runs")


def test_no_sentence_speaks_the_language_of_the_libraries() -> None:
    for path, value in MISTAKES:
        for sentence in problems(base(path, value)):
            assert not JARGON.search(sentence), sentence


def test_a_key_that_stands_twice_is_refused_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(f"{BASE}seed: 1\nchunks: {{merging: {{min_count: 3, min_count: 4}}}}\nseed: 2")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.problems == [
        f"{file}: chunks.merging.min_count: stands twice; keep one of them",
        f"{file}: seed: stands twice; keep one of them",
    ]


def test_a_key_may_stand_in_several_mappings(tmp_path: Path) -> None:
    file = tmp_path / "anchors.yaml"
    file.write_text(f"{BASE}  two: {{corpus: noise, network: {{architecture: gru, hidden: 8}}}}")
    assert list(load(file).runs) == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"a: [1", "not YAML"), (b"\xff\xfe\x00\xd8", "not YAML")]
)
def test_an_unreadable_file_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence) as caught:
        load(file)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(ConfigError, match=rf"^{path}: {said}.*; name a configuration file$"):
            load(path)


def test_the_defaults_of_settings_are_those_of_the_estimators() -> None:
    density = DensitySettings().model_dump()
    constrained = density.pop("constrained")
    extractor = DensityExtractor().get_params()
    extractor.pop("random_state")
    assert density == extractor
    assert MergingSettings().model_dump() == ChunkMerger().get_params()
    assert constrained == inspect.signature(read_chunks).parameters["constrained"].default


def test_the_defaults_of_the_store_are_those_of_its_writer() -> None:
    writer = inspect.signature(StoreWriter).parameters
    for name, value in StoreSettings().model_dump().items():
        assert writer[name].default == value, name


def test_every_key_is_documented() -> None:
    schema = Config.model_json_schema()
    for name, model in {"Config": schema, **schema["$defs"]}.items():
        for key, value in model["properties"].items():
            target = schema["$defs"].get(value.get("$ref", "").rsplit("/", 1)[-1], {})
            assert value.get("description") or target.get("description"), f"{name}.{key}"


def test_checking_a_configuration_imports_neither_torch_nor_sklearn() -> None:
    code = "import sys, chunkscope.config; print(*{'torch', 'sklearn'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_a_transformer_and_text_cannot_do_all_studies() -> None:
    found = problems(
        """
        corpora:
          help: {source: {grammar: text}}
        runs:
          small:
            corpus: help
            network: {architecture: gpt, context: 20}
            studies: [chunks, interventions]
        """
    )
    window, recording, *studies = found
    assert window == (
        "my.yaml: runs.small.training.window: got 100; must be at most one more than 20, the "
        "context of runs.small.network"
    )
    assert recording == (
        "my.yaml: corpora.help.recording.length: got 100; must be at most 20, the context of "
        "runs.small.network"
    )
    assert "got chunks, which is scored against the true parse; corpus help is text" in studies[0]
    assert "got interventions, which go on from stored states" in studies[1]


def test_a_study_reads_what_a_run_records() -> None:
    raw = base("runs.one.studies", "[probing, prototypes]")
    assert check(raw).probing.sites[0] == "layers.*.hook_h"
    assert problems(raw | {"probing": {"sites": ["blocks.*"]}}) == [
        "my.yaml: probing.sites: got blocks.*, which match nothing; recorded are layers.0.hook_h: "
        "name one of these, or record others; or leave probing out of runs.one.studies"
    ]


def test_runs_compared_by_width_differ_in_nothing_else() -> None:
    text = """
        corpora:
          noise: {source: {grammar: words, vocabulary: {AB: 0.5, CD: 0.5}}}
        runs:
          small: &width
            corpus: noise
            network: {architecture: tanh, hidden: 8}
            studies: [widths]
          large: {<<: *width, network: {architecture: tanh, hidden: 16}}
        """
    raw = yaml.safe_load(text)
    assert len(check(raw).runs) == 2
    raw["runs"]["large"] |= {"seeds": 3}
    raw["runs"]["twin"] = raw["runs"]["small"]
    found = problems(raw)
    assert found[0].startswith("my.yaml: runs.large: differs from run small in more than its width")
    assert found[1].startswith("my.yaml: runs.twin.network: is as wide as that of run small")
    assert len(found) == 2


def test_decoders_of_runs_that_there_are_are_trained_longer() -> None:
    text = """
        corpora:
          noise: {source: {grammar: words, vocabulary: {AB: 0.5, CD: 0.5}}}
        runs:
          count: &run {corpus: noise, network: {architecture: gru, hidden: 8}, studies: [inversion]}
          other: *run
        inversion: {decoder: {longer: {count: 9}}}
        """
    raw = yaml.safe_load(text)
    decoder = check(raw).inversion.decoder
    assert decoder.of_run("count").steps_per_site == 9
    assert decoder.of_run("other").steps_per_site == decoder.steps_per_site
    raw["inversion"]["decoder"]["longer"] = {"counts": 9}
    assert problems(raw) == [
        "my.yaml: inversion.decoder.longer: got 'counts'; must be one of count, other; did you "
        "mean count?"
    ]


def test_sites_follow_the_architecture() -> None:
    text = """
        corpora:
          help: {source: {grammar: text}}
        runs:
          gpt: {corpus: help, network: {architecture: gpt, layers: 2}, studies: [concepts]}
          lstm: {corpus: help, network: {architecture: lstm, hidden: 4}, studies: [concepts]}
        """
    runs = check(yaml.safe_load(text)).runs
    assert run_sites(runs["gpt"]) == [
        "hook_embed",
        "blocks.0.hook_resid_post",
        "blocks.1.hook_resid_post",
    ]
    assert run_sites(runs["lstm"]) == ["layers.0.hook_h", "layers.0.hook_c"]


def test_only_the_papers_network_and_training_repeat_the_reflection_experiment() -> None:
    training = "steps: 400, batch: 1, window: 200, gradient_clip: null"
    text = f"""
        corpora:
          other: {{source: {{grammar: words, vocabulary: {{AB: 1}}}}}}
          reflection:
            source:
              grammar: words
              vocabulary: {{ABCD: 1}}
              filler: {{E: 1}}
              gap: {{kind: uniform, low: 0, high: 19}}
            training: {{sequences: 1, length: 1000}}
        runs:
          paper: &paper
            corpus: reflection
            network: {{architecture: affine, hidden: 12}}
            training: {{{training}}}
          watched: {{<<: *paper, seeds: 3, training: {{{training}, evaluate_every: 20}}}}
          wide: {{<<: *paper, network: {{architecture: affine, hidden: 64}}}}
          tanh: {{<<: *paper, network: {{architecture: tanh, hidden: 12}}}}
          brief: {{<<: *paper, training: {{{training}, learning_rate: 0.05}}}}
        """
    config = check(yaml.safe_load(text))
    assert [name for name in config.runs if repeats_reflection(config, name)] == [
        "paper",
        "watched",
    ]
    other = config.runs["paper"].model_copy(update={"corpus": "other"})
    assert not repeats_reflection(config.model_copy(update={"runs": {"a": other}}), "a")


def test_an_experiment_that_is_left_out_is_not_run() -> None:
    config = check(base("experiments.transfer", "{}"))
    assert config.experiments.transfer is not None
    assert config.experiments.context is None


def test_networks_of_experiments_are_named_for_files() -> None:
    network = "{a/b: {network: {architecture: affine, hidden: 3}}}"
    (found,) = problems(base("experiments.transfer.networks", network))
    assert "got the name 'a/b'" in found


def test_lengths_of_a_task_are_those_of_its_inputs() -> None:
    assert problems("""
        corpora:
          sums:
            source: {grammar: addition, digits: 2}
            training: {length: 12}
            recording: {length: 11}
        runs:
          sums:
            corpus: sums
            network: {architecture: gru, hidden: 8}
            training: {window: 10}
            studies: [chunks]
        """) == [
        "my.yaml: corpora.sums.training.length: got 12; must be 11, the length of the longest "
        "input",
        "my.yaml: runs.sums.training.window: got 10; must be 11, the length of the longest input",
        "my.yaml: runs.sums.studies: got chunks, which is scored against the true parse; corpus "
        "sums is a task, which has none; name others, such as concepts",
    ]


INVERTED = """
    corpora:
      sums:
        source: {grammar: addition, digits: 2}
        training: {length: 11}
        recording: {length: 11}
      words: {source: {grammar: words, vocabulary: {AB: 1}}}
      help: {source: {grammar: text}}
    runs:
      sums:
        corpus: sums
        network: {architecture: gpt, layers: 1, width: 8, heads: 2, context: 11}
        training: {window: 11}
        studies: [inversion]
      words:
        corpus: words
        network: {architecture: gru, hidden: 8}
        studies: [inversion]
    """


def test_inputs_are_read_at_the_points_that_they_have() -> None:
    config = check(yaml.safe_load(INVERTED))
    assert run_points(config, config.runs["words"]) == {"last": ["layers.0.hook_h"]}
    heads = [f"blocks.0.attn.hook_result.{head}" for head in range(2)]
    raw = yaml.safe_load(INVERTED) | {
        "inversion": {"sites": {"equals": ["*.hook_result.*"], "last": ["layers.*"]}}
    }
    config = check(raw)
    assert run_points(config, config.runs["sums"]) == {"equals": heads}


def test_what_the_inversion_study_cannot_read_is_said() -> None:
    raw = yaml.safe_load(INVERTED)
    raw["inversion"] = {"sites": {"equals": ["layers.*"], "target": ["*"]}}
    raw["runs"]["help"] = {
        "corpus": "help", "network": {"architecture": "gru", "hidden": 4}, "studies": ["inversion"]
    }  # fmt: skip
    raw["runs"]["gpt"] = {
        "corpus": "words",
        "network": {"architecture": "gpt", "layers": 1, "context": 8},
        "training": {"window": 8},
        "studies": ["inversion"],
    }
    raw["corpora"]["words"]["recording"] = {"length": 8}
    found = problems(raw)
    assert (
        "my.yaml: inversion.sites: got points equals, target, of which run words has no site; its "
        "inputs are read at last, and it has layers.0.hook_h, layers.0.hook_gate_r, "
        "layers.0.hook_gate_z, layers.0.hook_gate_n: name some of these, or leave inversion out of "
        "its studies"
    ) in found
    assert any("of which run sums has no site" in problem for problem in found)
    assert (
        "my.yaml: runs.help.studies: got inversion, which reads all inputs of a task or a grammar; "
        "corpus help is text, whose inputs nobody knows; name others, such as concepts"
    ) in found
    assert (
        "my.yaml: inversion.inputs.longest: got 12; must be at most 8, the context of "
        "runs.gpt.network"
    ) in found


def test_decoders_are_told_what_is_read() -> None:
    raw = yaml.safe_load(INVERTED)
    config = check(raw)
    heads = [f"blocks.0.attn.hook_result.{head}" for head in range(2)]
    assert decoded_points(config, config.runs["sums"]) == {"equals": heads}
    raw["inversion"] = {"decoder": {"sites": ["*@a1", "layers.*@last"]}}
    found = problems(raw)
    assert found == [
        "my.yaml: inversion.decoder.sites: got *@a1, layers.*@last, which match nothing that is "
        "read of run sums; it reads blocks.0.attn.hook_result.0@equals, "
        "blocks.0.attn.hook_result.1@equals: name some of these"
    ]


def test_points_of_inversion_are_known() -> None:
    raw = yaml.safe_load(INVERTED) | {"inversion": {"sites": {"colom": ["*"]}}}
    (found,) = problems(raw)
    assert "inversion.sites: got the point 'colom'; must be one of target, colon" in found
    assert found.endswith("did you mean colon?")
