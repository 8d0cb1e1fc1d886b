"""Pure statistics about being right: confidence bounds, thresholds, calibration maps, drift and agreement.

Used by decision, gate and evaluation; imports nothing of the product. numpy and scipy are loaded inside the functions
that need them.
"""

from connector.calibration.agreement import Agreement, clearly_below, compare_agreement
from connector.calibration.auc import AreaEstimate, area_under_curve
from connector.calibration.bounds import lower_bound, upper_bound
from connector.calibration.content import content_key, distinct_by_content
from connector.calibration.drift import Drift, drift_of_counts, drift_of_probabilities
from connector.calibration.maps import CalibrationMap, binned_map, isotonic_map
from connector.calibration.reliability import ReliabilityBin, expected_calibration_error, reliability_table
from connector.calibration.threshold import (
    DEFAULT_GRID,
    Judged,
    Step,
    Threshold,
    ThresholdGrid,
    Unearned,
    confidence_for,
    find_threshold,
)
from connector.calibration.wording import as_percent

__all__ = [
    "DEFAULT_GRID",
    "Agreement",
    "AreaEstimate",
    "CalibrationMap",
    "Drift",
    "Judged",
    "ReliabilityBin",
    "Step",
    "Threshold",
    "ThresholdGrid",
    "Unearned",
    "area_under_curve",
    "as_percent",
    "binned_map",
    "clearly_below",
    "compare_agreement",
    "confidence_for",
    "content_key",
    "distinct_by_content",
    "drift_of_counts",
    "drift_of_probabilities",
    "expected_calibration_error",
    "find_threshold",
    "isotonic_map",
    "lower_bound",
    "reliability_table",
    "upper_bound",
]
