"""Learners of the offline tier: what the organisation's own history teaches, without network or model weights.

Importing this package loads no numerical library; fitting, loading and predicting do.
"""

from connector.decision.learners.effort import Effort
from connector.decision.learners.prediction import NothingToLearn, RoutePrediction
from connector.decision.learners.route import RouteLearner, fit, load

__all__ = ["Effort", "NothingToLearn", "RouteLearner", "RoutePrediction", "fit", "load"]
