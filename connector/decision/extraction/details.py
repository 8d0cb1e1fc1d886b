"""What a signature tells about its writer: numbers, position, company, address, website; each with the line it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.decision.extraction.mail import Signature
from connector.decision.extraction.normalise import NotNormalised, Phone, country, phone, plain
from connector.decision.learners.match_fields import LEGAL_FORMS

_NUMBER = re.compile(r"(?<![\w.])(?:\+|00)?\(?\d[\d ()./\u00a0-]{5,22}\d(?![\w@])")
_LABEL = re.compile(r"([^\W\d_]{1,12})[ .:)|]*(?:\(?\+?)$")
_FAX = frozenset({"fax", "f", "telefax"})
_MOBILE = frozenset({"mobile", "mobil", "cell", "cellphone", "handy", "m", "mob", "móvil", "portable", "gsm", "cellulare"})
_LANDLINE = frozenset({
    "tel", "telefon", "telephone", "phone", "t", "p", "ph", "office", "büro", "direct", "durchwahl", "fon", "call",
    "teléfono",     "téléphone", "telefono", "telefoon", "zentrale",
})  # fmt: skip
_NOT_PHONES = re.compile(r"(?i)\b(iban|bic|swift|hrb|hra|vat|ust|uid|tax|steuer|amtsgericht|reg(istered)?\.? no|account no)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_SITE = re.compile(r"(?i)(?<![@\w.-])(?:https?://|www\.)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
_SOCIAL = re.compile(
    r"(?i)(linkedin|xing|twitter|facebook|instagram|youtube|tiktok|calendly|zoom)\.|//x\.com|goo\.gl|bit\.ly"
)
_JOB_WORDS = """
manager director head lead leader chief officer engineer president founder owner consultant sales purchasing
procurement buyer
ceo cto cfo coo cio cmo vp svp evp analyst developer architect partner controller administrator coordinator
specialist assistant
associate executive accountant counsel supervisor planner designer scientist representative
leiter leiterin leitung geschäftsführer geschäftsführerin einkauf einkäufer einkäuferin vertrieb vertriebsleiter berater
beraterin referent referentin assistent assistentin prokurist prokuristin sachbearbeiter sachbearbeiterin entwickler inhaber
inhaberin vorstand abteilungsleiter projektleiter bereichsleiter ingenieur ingenieurin buchhaltung
directeur directrice responsable gérant director jefe gerente direttore responsabile inkoper
"""
_JOBS = frozenset(_JOB_WORDS.split())
_GERMAN_TOWN = re.compile(r"(?:^|[,|·•] ?)(?:(?:D|DE|A|AT|CH)-)?(\d{4,5}) ([^\W\d_][^\d,|·•@]{1,40}?)(?=$|[,|·•])")
_AMERICAN_TOWN = re.compile(r"(?:^|[,|·•] ?)([^\W\d_][^\d,|·•@]{1,40}), ([A-Z]{2}) (\d{5})(?:-\d{4})?(?=$|[ ,|·•])")
_STREET = re.compile(
    r"(?i)(?:^|[,|·•] ?)((?:[^\W\d_][^\d,|·•@]{2,40} \d{1,5} ?[a-z]?)|"
    r"(?:\d{1,5} [^\W\d_][^\d,|·•@]{2,40}?(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|drive|way|boulevard|"
    r"blvd\.?|square)))"
    r"(?=$|[,|·•])"
)
_ROAD = re.compile(
    r"(?i)(str(\.|aße|asse|eet)?\b|weg|platz|allee|gasse|damm|ring|ufer|road|rd\b|avenue|ave\b|lane|drive|way|blvd|square)"
)
_PARTS = re.compile(r" ?[|·•] ?| – | — |, ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Whose signature is read: their name and mail domain as far as known, and where their numbers are dialled."""

    names: tuple[str, ...] = ()
    domain: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One value under its shared name, as far as possible in one form, with the line it stands in."""

    field: str
    value: str
    quote: str
    confidence: float
    remark: str = ""


def details_of(signature: Signature, writer: Writer) -> tuple[Detail, ...]:
    """Everything a signature says. Where it names somebody else, or nobody, less is believed."""
    named = _is_named(signature.lines, writer)
    if not signature.marked and not named:
        return ()
    trust = 1.0 if signature.marked and named else 0.8
    found = (
        *_phones(signature.lines, writer), *_title(signature.lines, writer), *_company(signature.lines, writer),
        *_websites(signature.lines, writer), *_places(signature.lines),
    )
    return tuple(
        Detail(field=one.field, value=one.value, quote=one.quote, confidence=one.confidence * trust, remark=one.remark)
        for one in found
    )


def _is_named(lines: Sequence[str], writer: Writer) -> bool:
    known = {word for name in writer.names for word in plain(name).split() if len(word) > 1}
    return any(known & {*plain(line).split()} for line in lines)


def _phones(lines: Sequence[str], writer: Writer) -> Iterator[Detail]:
    for line in lines:
        if _NOT_PHONES.search(line):
            continue
        for written in _NUMBER.finditer(line):
            text = written.group().strip()
            labelled = _LABEL.search(line[max(0, written.start() - 16) : written.start()])
            label = labelled.group(1).casefold() if labelled else ""
            if label not in _FAX and not _DATE.fullmatch(text):
                yield from _phone(text, label, line, writer.region)


def _phone(text: str, label: str, line: str, region: str | None) -> Iterator[Detail]:
    read = phone(text, region)
    match read:
        case Phone():
            field = "mobile" if label in _MOBILE or (read.mobile and label not in _LANDLINE) else "phone"
            sure = 0.95 if label in _MOBILE | _LANDLINE else 0.9
            yield Detail(field=field, value=read.value, quote=line, confidence=sure)
        case NotNormalised(reason=reason) if label in _MOBILE | _LANDLINE and "no such number" not in reason:
            field = "mobile" if label in _MOBILE else "phone"
            yield Detail(field=field, value=" ".join(text.split()), quote=line, confidence=0.8, remark=reason)
        case NotNormalised():
            return


def _title(lines: Sequence[str], writer: Writer) -> Iterator[Detail]:
    """The position stands behind or below the name."""
    known = {word for name in writer.names for word in plain(name).split() if len(word) > 1}
    for number, line in enumerate(lines):
        if not known or not known & {*plain(line).split()}:
            continue
        behind = [part for part in _PARTS.split(line) if not known & {*plain(part).split()}]
        for part in [*behind[:1], *lines[number + 1 : number + 2]]:
            if _reads_as_title(part):
                said = any(word in _JOBS or word.endswith(("leiter", "leiterin")) for word in _words(part))
                title = part.strip(" ,|")
                yield Detail(field="title", value=title, quote=title, confidence=0.93 if said else 0.6)
                return
        return


def _reads_as_title(part: str) -> bool:
    words = _words(part)
    return (
        1 <= len(words) <= 8 and 3 <= len(part.strip()) <= 80 and not re.search(r"[\d@:/\\{}<>]", part)
        and not LEGAL_FORMS & {*plain(part).split()}
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def _company(lines: Sequence[str], writer: Writer) -> Iterator[Detail]:
    """A line with a legal form; one that also sounds like the mail domain is surer."""
    for line in lines:
        for part in _PARTS.split(line.replace(", Inc", " Inc").replace(", LLC", " LLC").replace(", Ltd", " Ltd")):
            words = plain(part).split()
            if len(words) in range(2, 9) and words[-1] in LEGAL_FORMS - {"as", "co", "company", "sa"} and "@" not in part:
                label = plain((writer.domain or "").partition(".")[0]).replace(" ", "")
                alike = bool(label) and (label in "".join(words) or "".join(words[:-1]) in label)
                yield Detail(field="company", value=part.strip(), quote=line, confidence=0.93 if alike else 0.75)
                return


def _websites(lines: Sequence[str], writer: Writer) -> Iterator[Detail]:
    for line in lines:
        for site in _SITE.finditer(line):
            written = site.group().rstrip(".")
            if _SOCIAL.search(written):
                continue
            address = written if written.lower().startswith("http") else f"https://{written}"
            host = address.partition("//")[2].lower().removeprefix("www.")
            ours = writer.domain is not None and (host == writer.domain or host.endswith(f".{writer.domain}"))
            yield Detail(field="website", value=address.lower(), quote=line, confidence=0.95 if ours else 0.5)
            return


def _places(lines: Sequence[str]) -> Iterator[Detail]:
    for line in lines:
        american = _AMERICAN_TOWN.search(line)
        german = None if american else _GERMAN_TOWN.search(line)
        if american:
            yield Detail(field="city", value=american[1].strip(), quote=line, confidence=0.9)
            yield Detail(field="state", value=american[2], quote=line, confidence=0.9)
            yield Detail(field="postal_code", value=american[3], quote=line, confidence=0.9)
        elif german:
            yield Detail(field="postal_code", value=german[1], quote=line, confidence=0.9)
            yield Detail(field="city", value=german[2].strip(), quote=line, confidence=0.9)
        street = _STREET.search(line)
        if street and _ROAD.search(street[1]):
            yield Detail(field="street", value=street[1].strip(), quote=line, confidence=0.9)
        part = _PARTS.split(line)[-1].strip()
        if len(part) > 3 and part.replace(" ", "").isalpha() and not isinstance(read := country(part), NotNormalised):
            yield Detail(field="country", value=read.value, quote=part, confidence=0.93)
