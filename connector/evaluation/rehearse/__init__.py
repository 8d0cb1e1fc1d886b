"""Rehearsal: a policy on a team's own export, through the real daemon and the real wire protocol, before connecting."""

from connector.evaluation.rehearse.rehearsal import Plan, Rehearsed, rehearse

__all__ = ["Plan", "Rehearsed", "rehearse"]
