"""Measuring on one's own records: datasets, metrics, rehearsals and replays."""
