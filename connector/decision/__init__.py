"""Deciding: agents, reasoners, tiers and learners. Prepared context in, structured decision out; no CRM access."""
