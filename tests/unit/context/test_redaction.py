"""Fields are shown, masked or withheld by their class, the same way every time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.context.redaction import hide, mask_text
from connector.record import FieldClass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to eve.o+x@shop.example.co.uk.", "write to [email]."),
        ("pay with 4111 1111 1111 1111 now", "pay with [card] now"),
        ("4111-1111-1111-1111", "[card]"),
        ("4111-1111-1111-1112", "[phone]"),
        ("call +49 (0)30 1234567", "call [phone]"),
        ("(202) 555-0100", "[phone]"),
        ("on 2026-11-02 at 12:30, room 12", "on 2026-11-02 at 12:30, room 12"),
        ("2026-11-02 2026-11-03", "2026-11-02 2026-11-03"),
        ("case 00Q5g00000ABC", "case 00Q5g00000ABC"),
    ],
)
def test_addresses_and_numbers_are_masked_as_what_they_are(text, expected):
    assert mask_text(text) == expected


@given(st.text(alphabet="ab@.+-() 0123456789é\n", max_size=80))
def test_masking_twice_changes_nothing(text):
    assert mask_text(mask_text(text)) == mask_text(text)


@given(st.text(max_size=20), st.from_regex(r"[a-z]{1,9}@[a-z]{1,9}\.[a-z]{2,4}", fullmatch=True), st.text(max_size=20))
def test_an_address_never_survives_masking(before, address, after):
    assert address not in mask_text(f"{before} {address} {after}")


def test_a_withheld_field_is_gone_and_its_value_is_nowhere_in_the_record(crm):
    ticket = crm.given("ticket", "1", description="my number is 55-1234-X", iban="55-1234-X", stamps={"iban": "FORM"})
    shown = hide([ticket], {"iban": FieldClass.NEVER})
    assert shown.records[0].fields == {"description": "my number is [hidden]"}
    assert shown.records[0].stamps == {}
    assert shown.scrub("55-1234-X again") == "[hidden] again"


def test_a_masked_amount_is_withheld_and_a_masked_text_is_masked(crm):
    lead = crm.given("lead", "1", description="mail me: a@b.io", salary=Decimal(10), company="Acme")
    shown = hide([lead], {"description": FieldClass.MASK, "salary": FieldClass.MASK})
    assert shown.records[0].fields == {"description": "mail me: [email]", "salary": None, "company": "Acme"}


def test_a_short_hidden_value_does_not_black_out_the_text(crm):
    ticket = crm.given("ticket", "1", description="it is a yes", answer="yes", vip=True)
    shown = hide([ticket], {"answer": FieldClass.NEVER, "vip": FieldClass.NEVER})
    assert shown.records[0].fields == {"description": "it is a yes"}


def test_what_one_record_hides_no_other_tells(crm):
    ticket, note = crm.given("ticket", "1", iban="55-1234-X"), crm.given("note", "n", body="iban 55-1234-X")
    assert hide([ticket, note], {"iban": FieldClass.NEVER}).records[1].fields == {"body": "iban [hidden]"}
