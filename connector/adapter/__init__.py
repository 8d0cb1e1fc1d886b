"""All that an adapter or channel author imports: the ports, their values, and the environment they are given.

An adapter imports `connector.adapter` and `connector.errors`, nothing else of the product.
"""

from connector.adapter.budget import Lane, RateBudget
from connector.adapter.changes import (
    ChangeEvent,
    ChangeKind,
    ChangeOrigin,
    ChangePage,
    ChangeSource,
    Cursor,
    IdentityPage,
)
from connector.adapter.environment import (
    Adapter,
    AdapterFactory,
    Environment,
    Finding,
    Log,
    Secrets,
    Token,
    TokenStore,
)
from connector.adapter.reads import Capabilities, GuardKind, RecordReader
from connector.adapter.transport import HttpRequest, HttpResponse, NoAnswerError, NotSentError, Purpose, Transport
from connector.adapter.writes import (
    Created,
    CreateResult,
    FieldChange,
    GuardedWrite,
    GuardFailed,
    MarkedCreate,
    Missed,
    NotApplied,
    Overwritten,
    Postponed,
    RecordWriter,
    Refused,
    Resolution,
    Unknown,
    UnknownWrite,
    Unsettled,
    WriteResult,
    Written,
)
from connector.record import (
    VOCABULARY,
    ConnectionName,
    FieldKind,
    FieldName,
    FieldSchema,
    FieldStamp,
    FieldValue,
    Found,
    Gone,
    Merged,
    ObjectSchema,
    ObjectType,
    Option,
    Record,
    RecordRef,
    SharedField,
    User,
    Version,
    display,
    normalise,
    same_value,
)

__all__ = [
    "VOCABULARY", "Adapter", "AdapterFactory", "Capabilities", "ChangeEvent", "ChangeKind", "ChangeOrigin", "ChangePage",
    "ChangeSource", "ConnectionName", "CreateResult", "Created", "Cursor", "Environment", "FieldChange", "FieldKind",
    "FieldName", "FieldSchema", "FieldStamp", "FieldValue", "Finding", "Found", "Gone", "GuardFailed", "GuardKind",
    "GuardedWrite", "HttpRequest", "HttpResponse", "IdentityPage", "Lane", "Log", "MarkedCreate", "Merged", "Missed",
    "NoAnswerError", "NotApplied", "NotSentError", "ObjectSchema", "ObjectType", "Option", "Overwritten", "Postponed",
    "Purpose", "RateBudget", "Record", "RecordReader", "RecordRef", "RecordWriter", "Refused", "Resolution", "Secrets",
    "SharedField", "Token", "TokenStore", "Transport", "Unknown", "UnknownWrite", "Unsettled", "User", "Version",
    "WriteResult", "Written", "display", "normalise", "same_value",
]
