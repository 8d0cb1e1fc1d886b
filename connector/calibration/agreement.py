"""Do people agree with a proposal because it is right, or because it was shown? Blind against shown verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from connector.calibration.bounds import lower_bound, upper_bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often people agreed, out of how many verdicts."""

    agreed: int
    total: int

    @property
    def share(self) -> float | None:
        return self.agreed / self.total if self.total else None


def compare_agreement(*, blind: Agreement, shown: Agreement) -> float | None:
    """The chance of a blind share this low if both were alike (Fisher's exact test); None without verdicts."""
    if not blind.total or not shown.total:
        return None
    from scipy.stats import hypergeom

    agreed, total = blind.agreed + shown.agreed, blind.total + shown.total
    return float(hypergeom.cdf(blind.agreed, total, agreed, blind.total))


def clearly_below(*, blind: Agreement, shown: Agreement, level: float = 0.05, margin: float = 0.0) -> bool:
    """Whether blind agreement is clearly below shown agreement, so that what was shown led the verdicts.

    `margin` forgives a difference that is real but too small to matter.
    """
    chance = compare_agreement(blind=blind, shown=shown)
    if chance is None or chance >= level:
        return False
    return shown.agreed / shown.total - blind.agreed / blind.total > margin


def certain_gap(*, blind: Agreement, shown: Agreement) -> float:
    """How far the best blind agreement can be lies under the worst shown agreement can be; 0 if they touch."""
    best = upper_bound(blind.agreed, blind.total)
    worst = lower_bound(shown.agreed, shown.total)
    return max(worst - best, 0.0)
