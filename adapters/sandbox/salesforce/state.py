"""What one face remembers between calls."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.sandbox.org import Org
from adapters.sandbox.salesforce.bulk_jobs import BulkJobs
from adapters.sandbox.salesforce.cursors import Cursors
from adapters.sandbox.salesforce.fields import Reader
from adapters.sandbox.salesforce.limits import ApiBudget


@dataclass(slots=True, kw_only=True)
class FaceState:
    """The org behind the face, its open cursors and jobs, and its call budget."""

    org: Org
    reader: Reader
    budget: ApiBudget
    cursors: Cursors = field(default_factory=Cursors)
    jobs: BulkJobs = field(default_factory=BulkJobs)
    page_size: int = 2000
    flows: dict[str, list[str]] = field(default_factory=dict)  # active autolaunched flows, and the records they ran for
