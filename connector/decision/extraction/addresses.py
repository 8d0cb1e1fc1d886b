"""What an e-mail address tells of its holder: the organisation's domain, unless the mailbox is from a mail provider."""

from __future__ import annotations

import re
from collections.abc import Collection

_ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})", re.IGNORECASE)
# Providers that give mailboxes to anybody; their domain says nothing of an employer.
_FREE_MAIL = """
gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de live.com msn.com yahoo.com
yahoo.co.uk yahoo.de
yahoo.fr ymail.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de
mail.com mail.ru yandex.ru yandex.com proton.me protonmail.com pm.me tutanota.com tuta.io posteo.de mailbox.org
zoho.com fastmail.com
hey.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it qq.com 163.com 126.com naver.com
comcast.net verizon.net att.net btinternet.com sky.com bluewin.ch hotmail.es hotmail.it outlook.de outlook.fr wp.pl
o2.pl onet.pl
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu"})


def domain_of(address: str) -> str | None:
    """The part behind the @, in small letters; None where the text is no address."""
    found = _ADDRESS.fullmatch(address.strip()[:320])
    return found[1].lower() if found else None


def company_domain(address: str, *, free_mail: Collection[str] = ()) -> str | None:
    """The domain of the holder's organisation; None for mailboxes that anybody can have."""
    domain = domain_of(address)
    if domain is None:
        return None
    own = registered(domain)
    return None if {domain, own} & (FREE_MAIL | {*free_mail}) else own


def registered(domain: str) -> str:
    """The part an organisation registers: mail.acme.co.uk is acme.co.uk's."""
    labels = domain.split(".")
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-kept:])
