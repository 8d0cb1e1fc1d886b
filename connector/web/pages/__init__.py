"""The pages, in the order of the navigation. A new page is one module with a `PAGE`, its templates, and one entry here."""

from __future__ import annotations

from connector.web.page import Page
from connector.web.pages import (
    agents,
    approvals,
    audits,
    bulks,
    card,
    deals,
    handoffs,
    health,
    history,
    records,
    report,
    reverts,
    signing,
    verdicts,
)

PAGES: tuple[Page, ...] = (
    approvals.PAGE,
    card.PAGE,
    verdicts.PAGE,
    bulks.PAGE,
    handoffs.PAGE,
    deals.PAGE,
    agents.PAGE,
    audits.PAGE,
    report.PAGE,
    health.PAGE,
    history.PAGE,
    records.PAGE,
    reverts.PAGE,
    signing.PAGE,
)
