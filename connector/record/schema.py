"""What the CRM lets us write: the live schema of an object, in shared names and shared option keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.record.names import FieldKind, FieldName, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a closed list: the shared key a policy writes, and what this CRM calls it."""

    key: str
    native: str
    label: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """One field as this CRM knows it for our user.

    `options` is empty for free fields. `strict` says that the CRM itself refuses other values; we refuse them anyway.
    `by_type` narrows the options per record type or pipeline where the CRM has them.
    """

    name: FieldName
    native: str
    label: str
    kind: FieldKind
    readable: bool = True
    updateable: bool = True
    createable: bool = True
    required: bool = False
    strict: bool = False
    options: tuple[Option, ...] = ()
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    references: tuple[ObjectType, ...] = ()
    by_type: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unmapped_options: tuple[str, ...] = ()  # native options without a shared key; `check` reports them

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSchema:
    """The fields of one object that our user can see; an absent field is not the same as a field that does not exist."""

    object: ObjectType
    native: str
    fields: Mapping[FieldName, FieldSchema]
    fingerprint: str  # changes when a field or option appears, goes or changes
    missing: tuple[FieldName, ...] = ()  # shared names this CRM (or our user's permission) lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or queue that can own records. `owner_id` is what an owner field holds; it may differ from `user_id`."""

    owner_id: str
    user_id: str | None
    name: str
    email: str | None
    is_queue: bool = False
    active: bool = True
