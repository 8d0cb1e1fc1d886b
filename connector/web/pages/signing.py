"""Signing in and out. What was wrong is never said: a name that does not exist answers as a wrong token does."""

from __future__ import annotations

from connector.pipeline import SignedIn, TurnedAway
from connector.report.times import span
from connector.web.house import House
from connector.web.page import Answer, Asked, Page, SeeOther, Shown, Way
from connector.web.pages.wording import own_path


def show(house: House, asked: Asked) -> Answer:
    wanted = own_path(asked.query.get("next", "/"))
    if asked.session is not None:
        return SeeOther(path=wanted)
    if asked.from_elsewhere:
        # Our cookie never travels with what another site began. From a page of our own the browser asks once more, with it.
        return Shown(template="onward.html", values={"next": wanted})
    return _form(wanted)


def sign_in(house: House, asked: Asked) -> Answer:
    wanted = own_path(asked.posted("next"))
    name, token = asked.posted("name").strip().lower(), asked.posted("token").strip()
    match house.access.sign_in(name, token, address=asked.address):
        case SignedIn(secret=secret):
            return SeeOther(path=wanted, secret=secret)
        case TurnedAway(wait=wait):
            later = f" This door opens again in {span(wait)}." if wait else ""
            return _form(wanted, note=f"The name and the token do not fit.{later}", status=429 if wait else 403)


def sign_out(house: House, asked: Asked) -> Answer:
    if asked.session is not None:
        house.access.sign_out(asked.session)
    return SeeOther(path="/sign-in", secret="")


def _form(wanted: str, *, note: str | None = None, status: int = 200) -> Shown:
    return Shown(template="sign_in.html", values={"next": wanted, "note": note}, status=status)


PAGE = Page(
    ways=(
        Way(path="/sign-in", answer=show, role=None),
        Way(path="/sign-in", answer=sign_in, role=None, method="POST"),
        Way(path="/sign-out", answer=sign_out, method="POST"),
    )
)
