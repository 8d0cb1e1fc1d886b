"""The suite every adapter passes: cases that drive an adapter against a CRM its author can act in as a person.

An author supplies a `World` and runs every case of `CASES` on a fresh one; a case left out needs a written reason.
May import `connector.adapter`, `connector.errors`, `connector.clock` and the sandbox.
"""

from adapters.conformance.cases import CASES
from adapters.conformance.world import Case, Mishap, NotPossibleError, World

__all__ = ["CASES", "Case", "Mishap", "NotPossibleError", "World"]
