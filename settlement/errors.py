"""Every error Hanse raises, in one drawn tree.

    HanseError
    ├── InputRefused      the caller sent something that can never be accepted as it is
    │   └── DocumentRefused   ... and it stood in a document, at a named field
    ├── NotPermitted      the caller is known and may not do this
    ├── NotFound          nothing of that name that the caller may see
    ├── Conflict          well-formed, but the present state forbids it
    ├── EvidenceError     a signature, attestation or observation that does not prove what it claims
    │   └── EvidenceKept      ... but proves something against its signer, and is kept for that
    ├── ChainError        the chain cannot be reached, or answers for another network
    └── InvariantBroken   a numbered invariant does not hold; never caught

The HTTP status of each class stands in one table in ``api``.
"""

from __future__ import annotations


class HanseError(Exception):
    """Base of all errors that Hanse raises on purpose.

    ``code`` is the stable word a program may act on; the message says what was wrong, which value it was and what to do.
    """

    code = "hanse_error"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class InputRefused(HanseError):
    """The input can never be accepted as it is."""

    code = "input_refused"


class DocumentRefused(InputRefused):
    """A document cannot be used; ``field`` names the place in it."""

    code = "document_refused"


class NotPermitted(HanseError):
    """The caller is known and may not do this."""

    code = "not_permitted"


class NotFound(HanseError):
    """Nothing of that name exists that the caller may see."""

    code = "not_found"


class Conflict(HanseError):
    """The request is well-formed; the present state forbids it."""

    code = "conflict"


class EvidenceError(HanseError):
    """A signature, attestation or observation does not prove what it claims."""

    code = "evidence_error"


class EvidenceKept(EvidenceError):
    """What was handed in is refused and kept all the same: whoever catches this commits what was written before it."""


class ChainError(HanseError):
    """The chain cannot be reached, refuses to answer, or is another network."""

    code = "chain_error"


class InvariantBroken(HanseError):
    """A numbered invariant does not hold. Never caught: the run stops."""

    code = "invariant_broken"
