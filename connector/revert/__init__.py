"""Undo of applied actions by action, decision, record, policy, run or time window, with a preview."""

from connector.revert.revert import Reversal, RevertPlan, Selection, Stays, WillRemove, WillRestore, plan_revert, revert

__all__ = [
    "Reversal", "RevertPlan", "Selection", "Stays", "WillRemove", "WillRestore", "plan_revert", "revert",
]
