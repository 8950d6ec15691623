"""The intervention study of one network: does a donor's state make it go on as the donor does?

Donors are grafted into, or steered towards in, recipients of the test split that would go on
otherwise, beside every control of :mod:`~chunkscope.interventions.controls`. Freezing and ablating
induce nothing: they are tried on the donor's own occurrences, where the loss of its own
continuation counts, beside as many random other units. Every intervention acts at one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import InterventionError
from chunkscope.interventions.conditions import Builder, Condition
from chunkscope.interventions.controls import Pairs, draw_wrong_donors
from chunkscope.interventions.donors import Donors
from chunkscope.interventions.effects import MEASURES, donor_means, donor_sums, measure
from chunkscope.interventions.intervention import Kind
from chunkscope.interventions.recipients import (
    MODES,
    Mode,
    Recording,
    Rows,
    Steps,
    draw_occurrences,
    draw_steps,
    find_recipients,
)
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.networks.affine import Affine
from chunkscope.networks.network import Network
from chunkscope.networks.sites import match_sites

INDUCED: tuple[tuple[Kind, str], ...] = (
    ("graft", "all"),
    ("graft", "constrained"),
    ("steer", "all"),
)
DISRUPTED: tuple[Kind, ...] = ("freeze", "ablate")
POOL = 4096  # steps among which recipients are sought: even if 2 % are fit, 64 are found

COLUMNS = (
    *("seed", "kind", "sites", "units", "control", "strength"),
    *("donor", "reads", "lag", "mode", "visible", "symbol", *MEASURES, "n", "fired"),
)


def run_study(
    network: Network,
    train: Recording,
    test: Recording,
    donors: Donors,
    settings: InterventionSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Every condition on every donor at each lag where it is informative, in both modes.

    Args:
        network: an ensemble of one (``network.select([member])``), since donors differ by seed.
        train: the recording that the donors were found in.
        test: the recording of the recipients; both hold the network's states and the sites.

    Returns:
        One row per condition, donor, lag and mode: ``seed``; ``kind``; ``sites``, joined by "+";
        ``units`` ("all" or "constrained"); ``control`` ("target" or the control's name);
        ``strength``; ``donor``; ``reads``, the symbol read at its members; ``lag`` (symbols);
        ``mode``; ``visible``, False where the readout cannot have seen the change yet;
        ``symbol``, the donor's target; the measures of
        :data:`~chunkscope.interventions.effects.MEASURES`; ``n`` rows judged; ``fired``, steps
        and sites changed in these rows. A measure of no row (``n`` 0) is NaN: not estimable.

    Raises:
        InterventionError: an ensemble of several, donors of other sites or lags, or recordings
            that are too short.
        SiteError: a site that the network or a recording does not have.
    """
    settings = settings.model_copy(update={"sites": site_sets(settings.sites, network.sites)})
    _check(network, (train, test), donors, settings)
    study = _Study(network, donors, settings, rng)
    if not study.informative.any():
        return pd.DataFrame(columns=list(COLUMNS))
    pool = draw_steps(test, POOL, settings.lags, rng)
    tables = [study.table(train, test, pool, mode) for mode in MODES]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def graft_distributions(
    network: Network,
    test: Recording,
    donors: Donors,
    settings: InterventionSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """What the network predicts at the first visible lag after each graft and each control.

    Whole vectors of the first set of sites are grafted at full strength, in forced mode, into
    recipients whose own prediction is not the donor's target: the bars of the paper's figure.

    Args:
        network, test, donors, settings, rng: as for :func:`run_study`.

    Returns:
        ``seed, donor, control, lag, symbol, probability, n``: the mean next-symbol distribution
        over ``n`` recipients, for every donor that is informative at this lag.
    """
    sets = site_sets(settings.sites, network.sites)
    settings = settings.model_copy(update={"sites": sets})
    _check(network, (test,), donors, settings)
    study = _Study(network, donors, settings, rng)
    columns = ["seed", "donor", "control", "lag", "symbol", "probability", "n"]
    if not study.informative.any():
        return pd.DataFrame(columns=columns)
    pool = draw_steps(test, POOL, settings.lags, rng)
    return study.distributions(test, pool, sets[0])[columns]


def site_sets(
    patterns: Sequence[Sequence[str]], available: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The sets of sites that sets of patterns (fnmatch) stand for, each once.

    Raises:
        SiteError: a pattern matches no site.
    """
    return tuple(dict.fromkeys(tuple(match_sites(each, available)) for each in patterns))


def first_visible_lag(network: Network) -> int:
    """The first lag at which a changed state can show: an affine readout sees the state before."""
    return 2 if isinstance(network, Affine) else 1


class _Study:
    """One network and its donors; see :func:`run_study`."""

    def __init__(
        self,
        network: Network,
        donors: Donors,
        settings: InterventionSettings,
        rng: np.random.Generator,
    ) -> None:
        self.network = network
        self.donors = donors
        self.settings = settings
        self.rng = rng
        self.informative = donors.informative(settings.informative_share)

    def table(self, train: Recording, test: Recording, pool: Steps, mode: Mode) -> pd.DataFrame:
        """All rows of one mode; recipients are sought in the ``pool`` of test steps."""
        recipients = self._recipients(test, pool, mode)
        occurrences = self._occurrences(train, mode)
        own = self._own_predictions(occurrences)
        tables = []
        for sites in self.settings.sites:
            inducing = self._inducing(sites, recipients, test.joined(sites, pool))
            disrupting = self._disrupting(sites, occurrences)
            for rows, conditions in (recipients, inducing), (occurrences, disrupting):
                table = self._run(rows, conditions, own, mode)
                tables.append(table.assign(sites="+".join(sites)))
        return pd.concat(tables)

    def distributions(self, test: Recording, pool: Steps, sites: Sequence[str]) -> pd.DataFrame:
        """See :func:`graft_distributions`."""
        rows = self._recipients(test, pool, "forced")
        conditions = [
            condition
            for condition in self._inducing(sites, rows, test.joined(sites, pool))
            if (condition.kind, condition.units) == INDUCED[0] and condition.strength in (0.0, 1.0)
        ]
        combinations = [condition.combination for condition in conditions]
        response = rows.recording.run(
            self.network, rows.steps, combinations, self.settings.lags, "forced"
        )
        lag = first_visible_lag(self.network)
        counted = np.stack([rows.counted & condition.valid for condition in conditions])
        by_symbol = np.moveaxis(response.probabilities[0][:, :, lag - 1], -1, 0)
        n_donors = len(self.donors.names)
        tables = []
        for symbol, values in zip(self.network.symbols, by_symbol, strict=True):
            means = donor_means(values[..., None], rows.donor, n_donors, counted[..., [lag - 1]])
            n = donor_sums(counted[..., [lag - 1]], rows.donor, n_donors)
            for at, condition in enumerate(conditions):
                donor = np.flatnonzero(self.informative[:, lag - 1])
                tables.append(
                    pd.DataFrame(
                        {
                            "seed": self.network.seeds[0],
                            "donor": np.array(self.donors.names)[donor],
                            "control": condition.control,
                            "lag": lag,
                            "symbol": symbol,
                            "probability": means[at, donor, 0],
                            "n": n[at, donor, 0].astype(np.int64),
                        }
                    )
                )
        return pd.concat(tables, ignore_index=True)

    def _recipients(self, test: Recording, pool: Steps, mode: Mode) -> Rows:
        return find_recipients(
            self.network,
            test,
            pool,
            self.donors,
            self.informative,
            self.settings,
            mode,
            self.rng,
        )

    def _occurrences(self, train: Recording, mode: Mode) -> Rows:
        lags = self.settings.lags
        last = train.tokens.shape[1] - lags
        steps, donor = draw_occurrences(
            self.donors.members, last, self.settings.recipients, self.rng
        )
        natural = train.natural(self.network, steps, lags, mode)
        return Rows(train, steps, natural, donor, self.informative[donor])

    def _own_predictions(self, rows: Rows) -> NDArray[np.floating]:
        """(donor, lag, symbol) mean natural prediction at a donor's own occurrences."""
        by_symbol = np.moveaxis(rows.natural, -1, 0)
        everywhere = np.ones_like(by_symbol, bool)
        means = donor_means(by_symbol, rows.donor, len(self.donors.names), everywhere)
        return np.moveaxis(means, 0, -1)

    def _inducing(
        self, sites: Sequence[str], rows: Rows, observed: NDArray[np.float32]
    ) -> list[Condition]:
        """Grafts of all units and of the constrained ones, and steering of all."""
        targets = self.donors.targets
        wrong = draw_wrong_donors(rows.donor, targets, self.informative, self.rng)
        differs = targets[wrong] != targets[rows.donor]
        own = rows.recording.joined(sites, rows.steps)
        values = np.concatenate([self.donors.values[site] for site in sites], axis=1)
        masks = self._masks(sites)
        conditions = []
        for kind, units in INDUCED:
            if units in masks:
                pairs = Pairs(own, observed, values, rows.donor, wrong, masks[units][rows.donor])
                builder = Builder(sites, units, self.settings.strengths, self.rng)
                conditions += builder.induce(kind, pairs, differs)
        return conditions

    def _disrupting(self, sites: Sequence[str], rows: Rows) -> list[Condition]:
        """Freezing and ablating the constrained units, or all where they are not known."""
        masks = self._masks(sites)
        units = "constrained" if "constrained" in masks else "all"
        builder = Builder(sites, units, self.settings.strengths, self.rng)
        return [c for kind in DISRUPTED for c in builder.disrupt(kind, masks[units][rows.donor])]

    def _masks(self, sites: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
        """(donor, unit) masks, sites side by side: all units, and the constrained where known."""
        values, constrained = self.donors.values, self.donors.units
        masks = {"all": np.concatenate([np.ones_like(values[s], bool) for s in sites], axis=1)}
        if all(site in constrained for site in sites):
            masks["constrained"] = np.concatenate([constrained[s] for s in sites], axis=1)
        return masks

    def _run(
        self, rows: Rows, conditions: Sequence[Condition], own: NDArray[np.floating], mode: Mode
    ) -> pd.DataFrame:
        """Runs all conditions in one pass and averages over the rows of each donor."""
        combinations = [condition.combination for condition in conditions]
        response = rows.recording.run(
            self.network, rows.steps, combinations, self.settings.lags, mode
        )
        values = measure(
            response.probabilities[0],
            rows.natural,
            own[rows.donor],
            self.donors.targets[rows.donor],
        )
        counted = np.stack([rows.counted & condition.valid for condition in conditions])
        n_donors = len(self.donors.names)
        columns = {
            name: donor_means(value, rows.donor, n_donors, counted)
            for name, value in values.items()
        }
        fired = np.where(counted, response.fired[..., None], 0)
        columns["n"] = donor_sums(counted, rows.donor, n_donors).astype(np.int64)
        columns["fired"] = donor_sums(fired, rows.donor, n_donors).astype(np.int64)
        return self._tidy(conditions, columns, mode)

    def _tidy(
        self,
        conditions: Sequence[Condition],
        columns: Mapping[str, NDArray[np.generic]],
        mode: Mode,
    ) -> pd.DataFrame:
        """One row per condition and informative (donor, lag) of the columns' arrays."""
        donor, lag = np.nonzero(self.informative)
        symbols = np.array(self.network.symbols)[self.donors.targets[donor, lag]]
        visible = lag + 1 >= first_visible_lag(self.network)
        described = ("kind", "units", "control", "strength")
        repeated = {
            name: np.repeat([getattr(c, name) for c in conditions], len(donor))
            for name in described
        }
        tiled = {
            "donor": np.array(self.donors.names)[donor],
            "reads": np.array(self.network.symbols)[self.donors.reads[donor]],
            "lag": lag + 1,
            "visible": visible,
            "symbol": symbols,
        }
        return pd.DataFrame(
            {
                "seed": self.network.seeds[0],
                **repeated,
                **{name: np.tile(value, len(conditions)) for name, value in tiled.items()},
                "mode": mode,
                **{name: array[:, donor, lag].ravel() for name, array in columns.items()},
            }
        )


def _check(
    network: Network,
    recordings: Sequence[Recording],
    donors: Donors,
    settings: InterventionSettings,
) -> None:
    if len(network.seeds) != 1:
        raise InterventionError(
            f"study: got an ensemble of {len(network.seeds)}; donors differ by seed: give one "
            "member, network.select([member])"
        )
    sites = list(dict.fromkeys(site for together in settings.sites for site in together))
    for recording in recordings:
        recording.check(network, sites, settings.lags)
    missing = [site for site in sites if site not in donors.values]
    if missing:
        raise InterventionError(
            f"study: the donors have no value at {missing[0]}; they have {list(donors.values)}"
        )
    if len(donors.names) and donors.continuation.shape[1] != settings.lags:
        raise InterventionError(
            f"study: the donors' continuation has {donors.continuation.shape[1]} lags; "
            f"interventions.lags is {settings.lags}"
        )
