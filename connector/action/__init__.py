"""Actions: the closed set of steps, their validation against the live schema, and their inverses."""

from connector.action.action import (
    DRAFT_TASK,
    Action,
    CreateNote,
    CreateTask,
    Message,
    UpdateField,
    action_hash,
    decode_action,
    delivery_of,
    describe,
    encode_action,
    makes_record,
)
from connector.action.inverse import (
    Inverse,
    Irreversible,
    RemoveCreated,
    RestoreField,
    decode_inverse,
    encode_inverse,
    inverse_of,
)
from connector.action.validate import Problem, validate
from connector.action.wording import reworded, words_of

__all__ = [
    "DRAFT_TASK", "Action", "CreateNote", "CreateTask", "Inverse", "Irreversible", "Message", "Problem", "RemoveCreated",
    "RestoreField", "UpdateField", "action_hash", "decode_action", "decode_inverse", "delivery_of", "describe",
    "encode_action", "encode_inverse", "inverse_of", "makes_record", "reworded", "validate",
    "words_of",
]
