"""Bulk 2.0 query jobs as kept between calls."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.sandbox.salesforce.ids import new_id


@dataclass(slots=True, kw_only=True)
class BulkJob:
    """A query job; it completes on the first status call after its creation."""

    id: str
    operation: str
    query: str
    object: str
    version: str
    created: int
    header: str
    lines: list[str]
    state: str = "UploadComplete"


class BulkJobs:
    """Jobs by id."""

    def __init__(self) -> None:
        self._jobs: dict[str, BulkJob] = {}

    @property
    def count(self) -> int:
        return len(self._jobs)

    def next_id(self) -> str:
        return new_id("750", len(self._jobs) + 1)

    def add(self, job: BulkJob) -> None:
        self._jobs[job.id] = job

    def find(self, job_id: str) -> BulkJob | None:
        return self._jobs.get(job_id)

    def remove(self, job_id: str) -> bool:
        return self._jobs.pop(job_id, None) is not None

    def all(self) -> list[BulkJob]:
        return list(self._jobs.values())
