"""The independent checker: judges a run by the CRMs' logs, the journal, the policies and the people, and nothing else.

It imports nothing of the road. Each rule is written from the promise, not from the code that keeps it.
"""

from connector.simulation.checker.judgement import INVARIANTS, Violation, check

__all__ = ["INVARIANTS", "Violation", "check"]
