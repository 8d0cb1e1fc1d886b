"""How good a share could at worst, or at best, really be: exact one-sided Clopper-Pearson bounds."""

from __future__ import annotations

CONFIDENCE = 0.95


def lower_bound(right: int, total: int, *, confidence: float = CONFIDENCE) -> float:
    """The share of right answers that is exceeded with this confidence; 0 without trials."""
    _check(right, total, confidence)
    if right == 0:
        return 0.0
    if right == total:
        return float((1.0 - confidence) ** (1.0 / total))
    from scipy.special import betaincinv

    return float(betaincinv(right, total - right + 1, 1.0 - confidence))


def upper_bound(right: int, total: int, *, confidence: float = CONFIDENCE) -> float:
    """The share of right answers that is not exceeded with this confidence; 1 without trials."""
    _check(right, total, confidence)
    return 1.0 - lower_bound(total - right, total, confidence=confidence)


def fewest_trials(target: float, *, confidence: float = CONFIDENCE) -> int:
    """How many trials, all right, it takes at least until the lower bound reaches the target."""
    import math

    if not 0.0 < target < 1.0:
        raise ValueError(f"a target lies between 0 and 1, {target} does not")
    fewest = math.ceil(math.log(1.0 - confidence) / math.log(target))
    return fewest if lower_bound(fewest, fewest, confidence=confidence) >= target else fewest + 1


def _check(right: int, total: int, confidence: float) -> None:
    if not 0 <= right <= total:
        raise ValueError(f"{right} right answers out of {total} cannot be")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, {confidence} does not")
