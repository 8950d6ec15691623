"""Settings of the whole probing study: of the probes, and of everything that is made with them.

They are apart from :mod:`chunkscope.probing.settings`, so that a key of one case study reruns that
case study alone.
"""

from __future__ import annotations

from chunkscope.probing.ablation.settings import AblationSettings
from chunkscope.probing.planted.comparison_settings import ComparisonSettings
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.superposition.settings import SuperpositionSettings
from chunkscope.probing.tracing.settings import TracingSettings
from chunkscope.probing.widths.settings import WidthsSettings


class ProbingStudySettings(ProbingSettings):
    """The probing study."""

    ablation: AblationSettings = AblationSettings()
    """Ablation of the units that tell the context, in runs that read several grammars in turn."""
    pruning: PruningSettings = PruningSettings()
    """Probes while the best units are taken away."""
    tracing: TracingSettings = TracingSettings()
    """Probes through training, of runs that keep checkpoints."""
    widths: WidthsSettings = WidthsSettings()
    """Networks of several widths, the runs of the study `widths`."""
    planted: ComparisonSettings = ComparisonSettings()
    """Rankings compared where the answer is planted."""
    superposition: SuperpositionSettings = SuperpositionSettings()
    """More features than units, planted and trained."""
