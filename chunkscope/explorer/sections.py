"""The sections of the report: which figures, tables and claims belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chunkscope.explorer.cells import Table
from chunkscope.explorer.claims import JudgedClaim
from chunkscope.explorer.figures import Figure
from chunkscope.explorer.viewers import Viewer


@dataclass(frozen=True)
class Part:
    """A piece of a section: figures by name, then a table by name.

    Attributes:
        folded: whether the table is folded away until somebody asks for it.
        viewer: name of what can be looked through here.
    """

    id: str
    title: str
    text: str = ""
    figures: tuple[str, ...] = ()
    table: str = ""
    folded: bool = False
    viewer: str = ""


@dataclass(frozen=True)
class Section:
    """A study or an experiment; ``claims`` are the beginnings of its claims' names."""

    id: str
    title: str
    text: str
    claims: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ShownPart:
    """A part with what there is of it."""

    part: Part
    figures: Sequence[Figure]
    table: Table | None = None
    viewer: Viewer | None = None


@dataclass(frozen=True)
class ShownSection:
    """A section with what there is of it."""

    section: Section
    claims: Sequence[JudgedClaim]
    parts: Sequence[ShownPart]


SECTIONS = (
    Section(
        "reflection",
        "Reflection",
        "The network sees one word in noise. Is the word in its states, and does a state that is "
        "put in their place make it go on as that state says?",
        ("chunks-learns", "chunks-recall", "chunks-decode", "chunks-graft"),
        (
            Part("recall", "Cued recall", figures=("chunks-recall",)),
            Part("activity", "Activity", figures=("chunks-activity",)),
            Part("decoding", "Decoding by look-up", figures=("chunks-decoding",)),
            Part("grafts", "Grafts", figures=("chunks-graft", "chunks-matrix", "chunks-dose")),
            Part(
                "specificity",
                "Specificity",
                "What the state of a donor does beyond each control in every run, at full strength "
                "and at the first lag at which it is judged. Success is the share of predictions "
                "whose likeliest symbol is the one that follows the donor; probability is what "
                "that symbol is given. Forced: the network goes on reading the recipient's "
                "symbols; free: it reads its own.",
                table="specificity",
            ),
        ),
    ),
    Section(
        "transfer",
        "Induced compositionality",
        "A network learns a word that begins as one known word and ends as another. Does the "
        "state that comes before that ending help, and what has been learnt once it is gone?",
        ("chunks-transfer",),
        (
            Part("transfer-figure", "Learning with a graft", figures=("chunks-transfer",)),
            Part(
                "transfer-arms",
                "Arms",
                "What is grafted at the cue while the network learns. The gain is paired with no "
                "graft, network by network.",
                table="transfer",
            ),
        ),
    ),
    Section(
        "context",
        "Context",
        "Words that share their parts. Does the state tell which word a shared part belongs to, "
        "and do counts of states say so?",
        ("chunks-context",),
        (
            Part("context-figure", "Counts and the word itself", figures=("chunks-context",)),
            Part(
                "context-counts",
                "Counts",
                "Of strings of levels, as published; a parse length near the true one is no "
                "segmentation, as boundary F1 beside that of a boundary at every step shows.",
                table="context_counts",
            ),
            Part(
                "context-parents",
                "The word of a shared symbol",
                "Accuracy, a mean over the shared symbols, beside what the last symbol and all "
                "symbols tell.",
                table="context_parents",
            ),
        ),
    ),
    Section(
        "hierarchy",
        "Hierarchy",
        "Words composed of words. Do states and parses grow with the number of compositions, and "
        "would they if no symbol's frequency changed with it?",
        ("chunks-hierarchy",),
        (
            Part("hierarchy-figure", "Counts against level", figures=("chunks-hierarchy",)),
            Part(
                "hierarchy-correlations",
                "Correlations",
                "Spearman's, over the networks of all levels. In the published words the filler's "
                "share falls with the level; in the balanced ones no frequency changes.",
                table="hierarchy",
            ),
        ),
    ),
    Section(
        "architectures",
        "Other architectures",
        "The four experiments above on networks beyond the paper.",
        (),
        (
            Part(
                "architectures-figure",
                "Networks beside one another",
                figures=("chunks-architectures",),
            ),
        ),
    ),
    Section(
        "networks",
        "Networks",
        "What each run is, how well its networks predict the next symbol beside the ceiling of an "
        "ideal observer, and how often they end a word once its beginning tells which it is.",
        (),
        (Part("runs", "Runs", figures=("chunks-training",), table="runs"),),
    ),
    Section(
        "dictionaries",
        "Dictionaries",
        "States that recur, and their sequences, found without a look at the truth and scored "
        "against it.",
        ("chunks-words",),
        (
            Part(
                "scores",
                "Scores",
                "Readings of the test split against the truth, beside an untrained network and "
                "other baselines.",
                figures=("chunks-scores",),
                table="headline",
            ),
            Part(
                "measures",
                "All measures",
                "With the floor and the ceiling of each; a dash stands where there is none.",
                table="scores",
                folded=True,
            ),
            Part(
                "extractors",
                "Extractors",
                "Every extractor on the same members of each run. Population averaging is told the "
                "true states, and so is no rival of the others.",
                figures=("chunks-extractors",),
                table="extractors",
            ),
            Part(
                "choice",
                "Choice of the states",
                "The setting of the extractor that was chosen for each seed, without a look at the "
                "truth.",
                figures=("chunks-sweep",),
                table="sweep",
                folded=True,
            ),
            Part("tracing", "Through training", figures=("chunks-tracing",)),
            Part("matching", "Across seeds", figures=("chunks-matching",)),
        ),
    ),
    Section(
        "concepts",
        "Concepts and language models",
        "Words and symbols found in activity by population averaging and by other detectors, and "
        "grafted while the network goes on with a text.",
        ("chunks-concepts",),
        (
            Part(
                "concepts-detection",
                "Detection",
                "At the concept itself, a mean over sites.",
                figures=("chunks-concepts",),
                table="concepts",
            ),
            Part(
                "concepts-grafts",
                "Grafts",
                "The share of continuations in which the concept's word is said, after its own "
                "graft and after what stands in its place.",
                figures=("chunks-concept-grafts",),
                table="concept_grafts",
            ),
        ),
    ),
    Section(
        "prototypes",
        "Prototypes",
        "Directions that activity is near to, found without labels, for a sweep of their number.",
        ("chunks-prototypes",),
        (
            Part(
                "prototypes-alignment",
                "Alignment",
                "Adjusted mutual information with the parse state, or with the class of character "
                "in text.",
                figures=("chunks-prototypes",),
                table="prototypes",
                folded=True,
            ),
        ),
    ),
    Section(
        "probing",
        "Sparse probing",
        "How few units suffice to read a feature that the truth knows, and are these units what "
        "the network uses?",
        ("probing",),
        (
            Part(
                "probing-sparsity",
                "Units needed",
                "Probes of few units beside all units, and beside what the last symbols alone tell "
                "and an ideal observer knows. Layer, number of units, penalty and threshold are "
                "chosen on validation sequences; what is shown was measured on test sequences.",
                figures=("probing-sparsity",),
                table="probing",
            ),
            Part(
                "probing-units",
                "Single units",
                "The unit that is best on validation sequences among all units of all sites. Its q "
                "says how often shuffled labels give as good a unit, of any site, with a false "
                "discovery rate over features.",
                figures=("probing-units",),
                table="units",
            ),
            Part(
                "probing-ablation",
                "Context units, ablated",
                "Units that tell which of two grammars holds, and what the network loses without "
                "them.",
                figures=("probing-ablation",),
            ),
            Part(
                "probing-compounds",
                "Compounds",
                "Two symbols that mean something together only.",
                figures=("probing-compounds",),
            ),
            Part("probing-pruning", "Redundancy", figures=("probing-pruning",)),
            Part("probing-widths", "Wider networks", figures=("probing-widths",)),
            Part("probing-training", "Through training", figures=("probing-training",)),
            Part(
                "probing-rankings",
                "Rankings where the answer is planted",
                figures=("probing-rankings",),
            ),
            Part("probing-superposition", "Superposition", figures=("probing-superposition",)),
        ),
    ),
    Section(
        "inversion",
        "InversionView",
        "What an activity stores is what all inputs share that give nearly the same activity: its "
        "preimage, the inputs within a ball around it. Where all inputs are known, so is the "
        "preimage.",
        ("inversion",),
        (
            Part(
                "inversion-learning",
                "Learning",
                "Nothing is read from a network that has not learned its task.",
                figures=("inversion-learning",),
            ),
            Part(
                "inversion-retention",
                "What sites keep",
                "How many members of a ball share the query's value of a feature, corrected for "
                "chance. Training is not what keeps a feature that an untrained network keeps as "
                "well; labels dealt to other inputs and the ball of another query keep nothing. A "
                "mean over networks; of each network the status is taken with its interval over "
                "queries: retained above 0.9, free below 0.1.",
                figures=("inversion-retention",),
                table="retention",
                folded=True,
            ),
            Part("inversion-radii", "Against the radius", figures=("inversion-radii",)),
            Part(
                "inversion-preimages",
                "Preimages",
                "Inputs that a decoder drew for the activity of a query, the nearest first. They "
                "were chosen to be looked at, most of them within the ball: what is measured is "
                "measured on raw draws, which results/inversion/{run}/draws.npz keeps. The arrow "
                "keys go to the next query, and every view has an address of its own.",
                figures=("inversion-samples",),
                viewer="preimages",
            ),
            Part(
                "inversion-decoder",
                "The decoder",
                "How well its draws stand for the preimage, of one network of each run, as a mean "
                "over queries. Coverage is the probability of the ball that so many draws hold, "
                "beside as many draws from the ball itself and as many random inputs. What is "
                "drawn for another query should lie in the ball as often as any input does.",
                figures=("inversion-decoder",),
                table="decoder",
            ),
            Part("inversion-completeness", "Completeness", figures=("inversion-completeness",)),
            Part(
                "inversion-patching",
                "Patching",
                "The activity of another input in the place of a query's. A cut is the fewest "
                "sites that, patched together, make a network give the donor's answer; it is "
                "chosen on half of the pairs and verified on the others.",
                figures=("inversion-patching",),
                table="cuts",
            ),
        ),
    ),
    Section(
        "dynamics",
        "Dynamics",
        "Do two systems compute alike over time? Dynamical similarity (DSA) compares how activity "
        "steps on, CKA and Procrustes how it lies; what two halves of one system differ by is the "
        "floor beneath which nothing is told. Lower is more alike.",
        ("dynamics",),
        (
            Part(
                "dynamics-regimes",
                "Regimes of the Lorenz system",
                "Part of the published dissimilarities is rounding, in single precision, of "
                "directions that hardly exist; and the measures of geometry seem worse for the "
                "trials that they compare do not match.",
                figures=("dynamics-regimes",),
            ),
            Part("dynamics-noise", "Noise", figures=("dynamics-noise",)),
            Part("dynamics-motifs", "Compositions", figures=("dynamics-motifs",)),
            Part(
                "dynamics-groups",
                "Networks that learned a task, or its parts first",
                "Which of two stimuli was stronger, and the opposite of it, at once or after a "
                "delay. What a measure says of networks hangs on its settings: those of DSA were "
                "chosen by how well they foretell held-out activity.",
                figures=("dynamics-groups",),
            ),
            Part("dynamics-learning", "Through learning", figures=("dynamics-learning",)),
            Part("dynamics-runs", "Runs through their training", figures=("dynamics-runs",)),
        ),
    ),
    Section(
        "neurons",
        "White-box neurons",
        "How well can a unit of a transformer be explained? Every unit is explained on half of the "
        "documents, and what is said of it is scored on the other half. White-box networks (CRATE) "
        "stand beside twins of their depth and width.",
        ("neurons",),
        (
            Part(
                "neurons-comparison",
                "At equal steps and at equal loss",
                "A network that has learned less is easier to explain. The twin's score at equal "
                "loss is read off its own training, where its loss was what the white box ended "
                "with.",
                figures=("neurons-training",),
                table="neuron_comparison",
                folded=True,
            ),
            Part(
                "neurons-scores",
                "Scores of explanations",
                "By layer, the last included, and by what explains. Units without a score, dead "
                "and constant ones among them, count as 0, and beside it are left out.",
                figures=("neurons-layers", "neurons-explainers", "neurons-scores"),
                table="neuron_scores",
                folded=True,
            ),
            Part(
                "neurons-facts",
                "How active units are",
                "And how much of what they do hangs on the current symbol alone.",
                figures=("neurons-loss",),
                table="neuron_facts",
                folded=True,
            ),
            Part(
                "neurons-steering",
                "Steering",
                "A unit is held at a value, or activity goes to a state of the dictionary that "
                "HDBSCAN finds at the same site.",
                figures=("neurons-steering",),
            ),
            Part(
                "neurons-units",
                "Units",
                "What single units do in the documents that their explanations are scored on, and "
                "what is said of them. They are evenly spread over the ranks of a site, from the "
                "unit that is explained best to the one that is explained worst, so that nobody "
                "picked them; near a rank stands the unit that most explainers explained. The "
                "arrow keys go to the next unit, and every view has an address of its own.",
                viewer="units",
            ),
        ),
    ),
)


OTHERS = Section("others", "Others", "What belongs to none of the sections above.", (), ())


def fill_sections(
    figures: Sequence[Figure],
    claims: Sequence[JudgedClaim],
    tables: Mapping[str, Table],
    viewers: Mapping[str, Viewer],
) -> list[ShownSection]:
    """The sections that there is something of; what none of them names stands in a last one.

    Args:
        tables: those that parts name, where there are any.
        viewers: those that parts name, where there are any.
    """
    filled = [_fill(section, figures, claims, tables, viewers) for section in SECTIONS]
    shown = {figure.name for section in filled for part in section.parts for figure in part.figures}
    judged = {claim.id for section in filled for claim in section.claims}
    rest = [figure for figure in figures if figure.name not in shown]
    others = ShownSection(
        OTHERS,
        [claim for claim in claims if claim.id not in judged],
        [ShownPart(Part("further-figures", "Further figures"), rest)] if rest else [],
    )
    return [section for section in (*filled, others) if section.parts or section.claims]


def _fill(
    section: Section,
    figures: Sequence[Figure],
    claims: Sequence[JudgedClaim],
    tables: Mapping[str, Table],
    viewers: Mapping[str, Viewer],
) -> ShownSection:
    by_name = {figure.name: figure for figure in figures}
    parts = [
        ShownPart(
            part,
            [by_name[name] for name in part.figures if name in by_name],
            tables.get(part.table),
            viewers.get(part.viewer),
        )
        for part in section.parts
    ]
    return ShownSection(
        section,
        [claim for claim in claims if claim.id.startswith(section.claims)],
        [shown for shown in parts if shown.figures or shown.table or shown.viewer],
    )
