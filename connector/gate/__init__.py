"""The gate: verdicts, limits, approvals, handoffs, and autonomy that is earned. Nothing is written that it did not clear."""

from connector.gate.cells import Cell, CellState, Standing, pins_key
from connector.gate.evaluate import Case, cell_of, evaluate
from connector.gate.limits import LimitBook
from connector.gate.tables import MIGRATIONS
from connector.gate.verdict import (
    Allow,
    Bases,
    ClearedAction,
    Deny,
    FieldBase,
    Reason,
    ReasonCode,
    RequireApproval,
    Verdict,
    base_of,
    decode_bases,
    encode_bases,
    told,
)

__all__ = [
    "MIGRATIONS", "Allow", "Bases", "Case", "Cell", "CellState", "ClearedAction", "Deny", "FieldBase", "LimitBook",
    "Reason", "ReasonCode", "RequireApproval", "Standing", "Verdict", "base_of", "cell_of", "decode_bases",
    "encode_bases", "evaluate", "pins_key", "told",
]
