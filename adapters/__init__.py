"""Adapters for the CRMs and the channels; only those named in settings are loaded."""
