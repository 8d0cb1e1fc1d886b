"""Write-back: the outbox, the three-way rule, guarded writes and unknown outcomes. Executes; never decides."""

from connector.writeback.apply import Writeback
from connector.writeback.conflict import AlreadyOurs, FieldPlan, Lose, Review, Send, plan_field
from connector.writeback.row import UNFINISHED, OutboxRow, OutboxState, WritePurpose
from connector.writeback.tables import MIGRATIONS
from connector.writeback.tally import Tally

__all__ = [
    "MIGRATIONS", "UNFINISHED", "AlreadyOurs", "FieldPlan", "Lose", "OutboxRow", "OutboxState", "Review", "Send", "Tally",
    "WritePurpose", "Writeback", "plan_field",
]
