"""Write-back: the outbox, the three-way rule, guarded writes and unknown outcomes. Executes; never decides."""

from connector.writeback.apply import Writeback
from connector.writeback.conflict import AlreadyOurs, FieldPlan, Lose, Review, Send, plan_field
from connector.writeback.outbox import OutboxRow, OutboxState, WritePurpose
from connector.writeback.settle import Tally
from connector.writeback.tables import MIGRATIONS

__all__ = [
    "MIGRATIONS", "AlreadyOurs", "FieldPlan", "Lose", "OutboxRow", "OutboxState", "Review", "Send", "Tally",
    "WritePurpose", "Writeback", "plan_field",
]
