"""Who wrote a mail and how they are reached: read from signatures in several languages, and never from quoted words."""

from __future__ import annotations

import pytest

from connector.decision.extraction import normalise
from connector.decision.extraction.addresses import company_domain
from connector.decision.extraction.details import Writer, details_of
from connector.decision.extraction.mail import signature_of

EVA = Writer(names=("Eva", "Meyer"), domain="kranbau.de", region="DE")


def read(text, writer=EVA):
    return {one.field: one.value for one in details_of(signature_of(text), writer)}


def test_a_german_block():
    found = read(
        "Danke!\n\nViele Grüße\nEva Meyer\nLeiterin Einkauf\nKranbau GmbH\nHafenstraße 12, 20457 Hamburg\n"
        "Tel. 040 3501 2345\nFax 040 3501 9999\nwww.kranbau.de"
    )
    assert found["phone"] == "+49 40 35012345"
    assert (found["title"], found["company"]) == ("Leiterin Einkauf", "Kranbau GmbH")
    assert (found["postal_code"], found["city"], found["street"]) == ("20457", "Hamburg", "Hafenstraße 12")
    assert found["website"] == "https://www.kranbau.de"


def test_an_american_block_on_one_line():
    writer = Writer(names=("John", "Price"), domain="acme.com", region="US")
    found = read("ok\n-- \nJohn Price | VP of Operations | (415) 555-2671\nAcme, Inc.\nSpringfield, IL 62704", writer)
    assert (found["title"], found["phone"]) == ("VP of Operations", "+1 415-555-2671")
    assert (found["city"], found["state"], found["postal_code"]) == ("Springfield", "IL", "62704")


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour\n\nCordialement\nEva Meyer\nDirectrice des achats\nTél : +33 1 70 18 99 00",
        "Hola\n\nUn saludo\nEva Meyer\nJefe de compras\nTeléfono: +33 1 70 18 99 00",
        "您好\n\n--\nEva Meyer\nDirector\nT +33 1 70 18 99 00",
    ],
)
def test_other_languages(text):
    found = read(text)
    assert found["phone"] == "+33 1 70 18 99 00"
    assert "title" in found


def test_what_is_quoted_below_belongs_to_somebody_else():
    text = "Fine.\n\nBest regards\nEva Meyer\n\nOn Monday, Ada wrote:\n> --\n> Ada\n> Tel. +49 30 901820"
    assert "phone" not in read(text)


def test_a_block_that_names_somebody_else_is_believed_less():
    text = "Fine.\n--\nMallory Black\nTel. +49 30 901820"
    sure = {one.field: one.confidence for one in details_of(signature_of(text), EVA)}
    assert sure["phone"] < 0.8


def test_numbers_that_are_no_phone_are_left_alone():
    text = "ok\n--\nEva Meyer\nIBAN DE44 5001 0517 5407 3249 31\nHRB 123456 Amtsgericht\nUSt-ID DE123456789\n2026-11-02"
    assert "phone" not in read(text)


def test_a_link_to_a_network_is_no_website_and_a_strange_one_is_unsure():
    text = "ok\n--\nEva Meyer\nhttps://www.linkedin.com/in/eva\nhttps://evil.example/login"
    [site] = [one for one in details_of(signature_of(text), EVA) if one.field == "website"]
    assert site.confidence <= 0.5


def test_every_quote_stands_in_the_text():
    text = "ok\n\nViele Grüße\nEva Meyer, Leiterin Einkauf\nKranbau, Inc.\nTel: 040 3501 2345 | Mobil: 0171 2345678"
    assert all(one.quote in text for one in details_of(signature_of(text), EVA))


def test_without_the_extra_a_labelled_number_stays_as_written(monkeypatch):
    monkeypatch.setattr(normalise, "has_library", lambda name: False)
    [one] = [one for one in details_of(signature_of("ok\n--\nEva Meyer\nTel. 040 3501 2345"), EVA) if one.field == "phone"]
    assert one.value == "040 3501 2345"
    assert "pip install 'crm-connector[normalise]'" in one.remark


def test_mail_providers_name_no_employer():
    assert company_domain("eva@gmail.com") is None
    assert company_domain("eva@mail.kranbau.co.uk") == "kranbau.co.uk"
    assert company_domain("eva@kranbau.de", free_mail=["kranbau.de"]) is None
    assert company_domain("not an address") is None


@pytest.mark.parametrize("text", ["", "\n\n\n", "--", "-- \n", "Best regards", "\u202e--\n\u202eEva", "\ud800"])
def test_nothing_is_found_in_nothing(text):
    assert read(text) == {}


@pytest.mark.parametrize("written", ["Deutschland", "GERMANY", "DE", "Allemagne", "Germny"])
def test_a_country_has_one_name(written):
    assert normalise.country(written) == normalise.Normal("Germany")


@pytest.mark.parametrize("written", ["", "Atlantis", "Sales", "12"])
def test_what_is_no_country_stays_as_it_is(written):
    assert isinstance(normalise.country(written), normalise.NotNormalised)


def test_names_get_capitals_only_where_they_have_none():
    assert [normalise.person_name(name) for name in ("eva", "MEYER", "van der Berg", "McDonald")] == [
        "Eva", "Meyer", "van der Berg", "McDonald"
    ]  # fmt: skip
