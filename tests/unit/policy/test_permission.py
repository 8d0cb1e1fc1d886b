"""A field permission says no to every value outside it, whatever the CRM itself would accept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.policy import FieldPermission, Proof
from connector.record import ActionKind


@pytest.mark.parametrize(
    ("permission", "value", "current", "refused"),
    [
        (FieldPermission(), "anything", None, None),
        (FieldPermission(options=("a", "b")), "a", None, None),
        (FieldPermission(options=("a", "b")), "c", None, "not one of a, b"),
        (FieldPermission(options=("a", "b")), None, "a", "not one of a, b"),
        (FieldPermission(options=("a", "b")), Decimal(1), None, "not one of a, b"),
        (FieldPermission(options=("a", "b")), ("a", "b"), None, None),
        (FieldPermission(options=("a", "b")), ("a", "c"), None, "not one of a, b"),
        (FieldPermission(options=("a", "b")), (), None, "not one of a, b"),
        (FieldPermission(low=Decimal(1), high=Decimal(5)), Decimal(5), None, None),
        (FieldPermission(low=Decimal(1), high=Decimal(5)), Decimal("5.01"), None, "not at least 1 and at most 5"),
        (FieldPermission(low=Decimal(1)), Decimal(0), None, "not at least 1"),
        (FieldPermission(low=Decimal(1)), "7", None, "not at least 1"),
        (FieldPermission(low=Decimal(0)), True, None, "not at least 0"),
        (FieldPermission(low=Decimal(1)), None, None, "not at least 1"),
        (FieldPermission(low=date(2026, 1, 1)), date(2025, 12, 31), None, "not at least 2026-01-01"),
        (FieldPermission(low=date(2026, 1, 1)), date(2026, 1, 1), None, None),
        (FieldPermission(low=date(2026, 1, 1)), datetime(2027, 1, 1, tzinfo=UTC), None, "not at least 2026-01-01"),
        (FieldPermission(max_length=3), "four", None, "longer than 3 characters"),
        (FieldPermission(options=("a", "b"), forward_only=True), "b", "a", None),
        (FieldPermission(options=("a", "b"), forward_only=True), "a", "a", None),
        (FieldPermission(options=("a", "b"), forward_only=True), "a", "b", "would move the field backwards"),
        (FieldPermission(options=("a", "b"), forward_only=True), "b", "elsewhere", "would move the field backwards"),
        (FieldPermission(options=("a", "b"), forward_only=True), "a", None, None),
        (FieldPermission(forward_only=True), Decimal(1), Decimal(2), "would move the field backwards"),
        (FieldPermission(forward_only=True), Decimal(3), Decimal(2), None),
    ],
)
def test_a_value_is_judged(permission, value, current, refused):
    assert permission.refusal(value, current=current) == refused


def test_the_gate_raises_the_proof_and_a_field_never_lowers_it(write):
    strict = write(gate="gate: {needs: staff}", may="may: {update: {category: {needs: any}}, create_note: {}}")
    usual = write(may="may: {update: {category: {}, owner: {}}, create_note: {}}")

    assert strict.proof(ActionKind.UPDATE, name="category") is Proof.STAFF
    assert strict.proof(ActionKind.CREATE_NOTE) is Proof.STAFF
    assert usual.proof(ActionKind.UPDATE, name="category") is Proof.ANY
    assert usual.proof(ActionKind.UPDATE, name="owner") is Proof.STAFF
    assert usual.proof(ActionKind.UPDATE, name="elsewhere") is Proof.STAFF
    assert usual.proof(ActionKind.SEND_EMAIL) is Proof.STAFF


def test_of_several_options_the_strictest_word_counts(write):
    policy = write(
        may="may: {update: {tags: {options: [a, b, c], approval: never, values: {b: {approval: always}}}}}",
    )

    def supervision(*options):
        return policy.supervision(ActionKind.UPDATE, name="tags", value=options).value

    assert supervision("a", "c") == "never"
    assert supervision("a", "b") == "always"
    assert supervision("b") == "always"


def test_what_is_not_under_may_is_not_allowed(write):
    policy = write(may="may: {create_note: }")

    assert policy.may.allows(ActionKind.CREATE_NOTE), "an empty grant is a grant with defaults"
    assert not policy.may.allows(ActionKind.UPDATE)
    assert not policy.may.allows(ActionKind.SEND_EMAIL)
    assert policy.field_permission("category") is None
