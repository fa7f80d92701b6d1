"""How the books refuse: with every reason there is, since the rules do not say which is found first."""

from __future__ import annotations


class Refused(Exception):
    """The contracts must revert with an error of one of these names, and change nothing."""

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = frozenset(names)


class Refusals:
    """Reasons collected before anything is written."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def when(self, is_so: object, *names: str) -> None:
        """These reasons hold if it is so."""
        if is_so:
            self._names.update(names)

    @property
    def any(self) -> bool:
        """Whether there is a reason."""
        return bool(self._names)

    def stand(self) -> None:
        """Refuse if any reason was found.

        Raises: Refused.
        """
        if self._names:
            raise Refused(*self._names)
