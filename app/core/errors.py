"""Errors that a person can read and act on; one handler (core.web.site) turns them into a flash or a page."""

from collections.abc import Sequence


class DomainError(Exception):
    """A refusal with a translatable message. `reasons` lists everything that stands in the way, at once."""

    status = 400

    def __init__(self, message: object, reasons: Sequence[object] = ()) -> None:
        super().__init__(message)
        self._message = message
        self._reasons = tuple(reasons)

    @property
    def message(self) -> str:
        """The text in the reader's language (lazy strings are resolved here, not when raised)."""
        return str(self._message)

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(str(reason) for reason in self._reasons)

    def __str__(self) -> str:
        return " ".join((self.message, "; ".join(self.reasons))).rstrip()


class NotFound(DomainError):
    """The thing does not exist, or the actor may not know that it does."""

    status = 404


class MovedOn(NotFound):
    """The record was merged: the one with the number `instead` goes on in its place.

    Whoever opens an address in which `argument` is the merged one's number is led to the other's page.
    """

    def __init__(self, message: object, argument: str, number: int, instead: int) -> None:
        super().__init__(message)
        self.argument, self.number, self.instead = argument, number, instead


class Forbidden(DomainError):
    """The actor's roles do not allow the act."""

    status = 403


class Conflict(DomainError):
    """Someone else changed the thing since it was shown, or it is already done."""

    status = 409
