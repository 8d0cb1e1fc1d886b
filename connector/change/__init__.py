"""Capture: what changed, how far we have read, and which policies wake. Owns inbox, cursors, snapshots and visits."""
