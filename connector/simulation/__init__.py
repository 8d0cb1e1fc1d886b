"""Seeded runs of the real road over both sandbox orgs, with faults, crashes and people; judged by a checker of its own.

One seed decides everything: the same seed gives the same story. The checker reads only what the CRM and the journal say.
"""
