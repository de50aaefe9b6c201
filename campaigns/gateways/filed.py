"""Texts that a provider approved before: which of them a finished message is, and with which values.

The large providers send no free text, only a filed one with values. The ledger keeps what the phone shows, so
a message is read back against the filed texts. Wherever a value is taken to begin and end, filling them in
again gives the same message to the letter, and nothing else is sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SIGNED = re.compile(r"【([^】]*)】(.*)", re.DOTALL)
VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: what a refusal is called when no filed text is the message's
NOT_FILED = "TEMPLATE_NOT_FILED"


@dataclass(frozen=True)
class Fitted:
    """A message as the provider takes it: signature, number of the filed text, and the values in order."""

    signature: str
    number: str
    values: tuple[tuple[str, str], ...]


class Filed:
    """The filed texts of one account, each as (number, text with {variables})."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        # the one with most letters of its own first: it says most about the message
        ordered = sorted(texts, key=lambda one: len(VARIABLE.sub("", one[1])), reverse=True)
        self._patterns = [(number, *_pattern(text)) for number, text in ordered]

    def fit(self, text: str) -> Fitted | None:
        """The filed text of a message that starts with its 【signature】; None if there is none."""
        signed = _SIGNED.fullmatch(text)
        if signed is None:
            return None
        signature, body = signed.groups()
        for number, names, pattern in self._patterns:
            if found := pattern.fullmatch(body):
                return Fitted(signature, number, tuple(zip(names, found.groups(), strict=True)))
        return None


def _pattern(text: str) -> tuple[list[str], re.Pattern[str]]:
    """The variables, numbered where one comes twice, and what a message of this text looks like."""
    parts = VARIABLE.split(text)
    names = [name if parts[1::2].index(name) == n else f"{name}{n + 1}" for n, name in enumerate(parts[1::2])]
    pattern = "".join(re.escape(part) if n % 2 == 0 else "(.+?)" for n, part in enumerate(parts))
    return names, re.compile(pattern, re.DOTALL)
