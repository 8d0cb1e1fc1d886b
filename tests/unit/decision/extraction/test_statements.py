"""What a text says of a deal: one subject and one value a sentence, and silence where it can be read in two ways."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from connector.decision.extraction.amounts import amounts_of, read_number
from connector.decision.extraction.dates import days_of
from connector.decision.extraction.details import Writer, details_of
from connector.decision.extraction.mail import signature_of
from connector.decision.extraction.pairs import pairs_of
from connector.decision.extraction.sales import Subject, statements_of

WRITTEN = date(2026, 11, 18)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.200", 1200), ("1,200.50", "1200.50"), ("1.200,50", "1200.50"), ("12,5", "12.5"), ("€ 45k", 45_000),
        ("45 T€", 45_000), ("1.5 Mio. EUR", 1_500_000), ("12'000 CHF", 12_000), ("0.125", "0.125"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, value):
    assert read_number(text) == Decimal(str(value))


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "1.20.300", "--", "€", "12 Main Street"])
def test_what_is_no_number(text):
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["between $40k and $50k", "40-50k €", "EUR 10 bis 20 TEUR", "20 % of it", "version 1.2"])
def test_ranges_and_shares_are_no_sums(text):
    assert amounts_of(text) == ()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("by 5.12.2026", "2026-12-05"), ("on 25/12/2026", "2026-12-25"), ("by December 5th, 2026", "2026-12-05"),
        ("am 5. Dezember", "2026-12-05"), ("Ende November", "2026-11-30"), ("end of Q1", "2027-03-31"),
        ("bis Freitag", "2026-11-20"), ("KW 49", "2026-12-04"), ("in zwei Wochen", "2026-12-02"), ("Jan 15", "2027-01-15"),
        ("on Friday, 27 November", "2026-11-27"), ("2026-12-31", "2026-12-31"), ("Monatsende", "2026-11-30"),
    ],
)  # fmt: skip
def test_days_as_people_name_them(text, day):
    assert [str(named.day) for named in days_of(text, WRITTEN)] == [day]


@pytest.mark.parametrize("text", ["on 5/12/2026", "next Friday", "31.02.2026", "KW 60", "1.2.3", "in 2031 or 1850-01-01"])
def test_what_could_be_two_days_or_none(text):
    assert days_of(text, WRITTEN) == ()


def test_the_policy_says_how_an_ambiguous_day_is_read():
    assert [named.day for named in days_of("5/12/2026", WRITTEN, day_first=True)] == [date(2026, 12, 5)]
    assert [named.day for named in days_of("5/12/2026", WRITTEN, day_first=False)] == [date(2026, 5, 12)]


def said(text, subject, **more):
    return [one.value for one in statements_of(text, WRITTEN, **more) if one.subject is subject]


@pytest.mark.parametrize(
    ("text", "subject", "value"),
    [
        ("We will sign the contract on 5 December 2026.", Subject.CLOSE_DATE, date(2026, 12, 5)),
        ("Wir werden den Vertrag am 12.12. unterschreiben.", Subject.CLOSE_DATE, date(2026, 12, 12)),
        ("Our approved budget is 45.000 €.", Subject.AMOUNT, Decimal(45_000)),
        ("Die Auftragssumme beträgt 1,2 Mio. EUR.", Subject.AMOUNT, Decimal(1_200_000)),
        ("Next step: legal review with Tom", Subject.NEXT_STEP, "legal review with Tom"),
        ("Nächster Schritt: Muster schicken", Subject.NEXT_STEP, "Muster schicken"),
        ("Wir haben ein Angebot von Rivalsoft bekommen.", Subject.COMPETITOR, "Rivalsoft"),
        ("Jane Doe is our decision maker.", Subject.ROLE, "Jane Doe: decision maker"),
    ],
)
def test_what_is_stated(text, subject, value):
    assert said(text, subject) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Maybe we sign on 5 December.", "We will not sign on 5 December.", "Could you sign by 5 December?",
        "Falls der Vertrag am 12.12. kommt, freuen wir uns.", "The contract meeting is on 5 December.",
        "We sign on 5 December or 9 December.", "The invoice for the contract is due on 5 December.",
        "The budget is between 40.000 € and 50.000 €.", "Budget of about 45.000 €.", "The budget is 99 € per user.",
        "They want a discount on the total of 45.000 €.", "The budget was 45.000 € last year.", "Budget: 45.000",
    ],
)  # fmt: skip
def test_doubt_and_other_matters_are_silence(text):
    assert said(text, Subject.CLOSE_DATE) == []
    assert said(text, Subject.AMOUNT) == []


def test_every_quote_is_verbatim_and_quoted_mails_are_not_read_again():
    text = "We will sign the contract on 5 December 2026. Budget: total 45.000 €!\n> Next step: pay mallory"
    found = statements_of(text, WRITTEN)
    assert found
    assert all(one.quote in text for one in found)
    assert said(text, Subject.NEXT_STEP) == []


def test_pairs_keep_their_own_confidence_and_drop_what_is_said_twice():
    found = pairs_of("phone: +49 40 1\nphone_confidence: 0.93\ncity: Ulm\ncity: Bonn\nsource: Register\nnone: null")
    assert [(one.name, one.confidence, one.source) for one in found] == [("phone", 0.93, "Register")]


def test_a_row_of_a_lookup_is_one_line_of_pairs():
    found = pairs_of("name: Kranbau GmbH; phone: 040 1; phone_confidence: 95%; note: a; b")
    assert [(one.name, one.value, one.confidence) for one in found] == [
        ("name", "Kranbau GmbH", None), ("phone", "040 1", 0.95), ("note", "a; b", None)
    ]  # fmt: skip


LARGE = 10_000_000
HOSTILE = {
    "letters": "a" * LARGE, "numbers": "1 " * (LARGE // 2), "line ends": "\n" * LARGE,
    "labels": "next step: " * (LARGE // 11),
    "capitals": "A" + " A" * (LARGE // 2), "sums": "€1.1.1" * (LARGE // 6), "marks": "@.-" * (LARGE // 3),
    "addresses": "a@b." * (LARGE // 4), "days": "1.1." * (LARGE // 4), "blanks": " " * LARGE, "quotes": "> " * (LARGE // 2),
    "many languages": "данные 数据 بيانات δεδομένα ข้อมูล " * (LARGE // 40), "phones": "+49 (0) " * (LARGE // 8),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_megabytes_are_read_in_bounded_time(name):
    """Processor time, so that a busy machine changes nothing; the bound is fifty times what it takes."""
    text, writer = HOSTILE[name], Writer(names=("Eva",), domain="b.de")
    began = time.process_time()
    for laid_out in (text, f"Hi\n--\n{text}", text[:20_000].replace(" ", "\n")):
        statements_of(laid_out, WRITTEN, rivals=("Rivalsoft",))
        details_of(signature_of(laid_out), writer)
        pairs_of(laid_out)
    assert time.process_time() - began < 20
