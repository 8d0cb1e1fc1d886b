"""The whole suite in reading order."""

from __future__ import annotations

from adapters.conformance.capture import CAPTURE
from adapters.conformance.creates import CREATES
from adapters.conformance.reads import READS
from adapters.conformance.trouble import TROUBLE
from adapters.conformance.world import Case
from adapters.conformance.writes import WRITES

CASES: tuple[Case, ...] = (*CAPTURE, *READS, *WRITES, *CREATES, *TROUBLE)
