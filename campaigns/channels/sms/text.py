"""The text of one SMS: filling in, signing, counting and pricing.

Counting rule of the Chinese operators: any character counts one, the signature included; up to 70 characters
travel as one segment, a longer text in parts of 67. Emoji outside the basic plane are two UTF-16 units and
count two.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _

from app.core.errors import DomainError

SINGLE = 70
PART = 67

#: The most a gateway usually takes, signature included.
LONGEST = 500

#: How a text tells people to leave; operators require it on publicity.
OPT_OUT_NOTICE = "拒收请回复R"

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NOT_A_WORD = re.compile(r"[\W_]+")
#: whoever says so is not the person that was written to
_DISOWNED = re.compile(r"[打发找拨弄]错|不是本人|不是我|不认识|换号|号码换|WRONG", re.IGNORECASE)
_OPT_OUT = re.compile(r"(回复?)?(?=.)(R|TD?|N|QX|0{4,5})?(退订|拒收|取消)?")


def units(text: str) -> int:
    """Length as the operators count it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def segments(text: str) -> int:
    """How many billed segments a complete text (signature included) makes; an empty text makes none."""
    length = units(text)
    return -(-length // PART) if length > SINGLE else min(length, 1)


def cost(segment_count: int, price: Decimal) -> Decimal:
    """Yuan, rounded to fen once over the whole count, for a price per segment."""
    return (price * segment_count).quantize(Decimal("0.01"), ROUND_HALF_UP)


def placeholders(template: str) -> tuple[str, ...]:
    """Names of the `{variables}` in a template, each once, in order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(template)))


def parts(template: str) -> Iterator[tuple[str, str | None]]:
    """The template in its order: what is fixed, and the variable that follows; None after the last."""
    at = 0
    for match in _PLACEHOLDER.finditer(template):
        yield template[at : match.start()], match.group(1)
        at = match.end()
    yield template[at:], None


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill the `{variables}` in. A value is inert text: braces inside it are not filled again.

    Raises DomainError naming the variables that have no value, so that nobody receives a gap.
    """
    missing = [name for name in placeholders(template) if not values.get(name)]
    if missing:
        raise DomainError(_("No value for: %(names)s", names=", ".join(missing)))
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def complete(signature: str, body: str, opt_out: bool = False) -> str:
    """The text as the phone shows it: 【signature】, body, and the way out where one is due."""
    return f"【{signature}】{body}{OPT_OUT_NOTICE if opt_out and OPT_OUT_NOTICE not in body else ''}"


def check(signature: str, template: str, opt_out: bool = False) -> None:
    """Refuse a signature or template that the operators would refuse, with every reason at once."""
    reasons = []
    if not 2 <= len(signature) <= 20 or any(bracket in signature for bracket in "【】{}"):
        reasons.append(_("The signature has 2 to 20 characters and no brackets."))
    if not template.strip():
        reasons.append(_("The text is empty."))
    if "【" in template or "】" in template:
        reasons.append(_("The text must not contain 【 or 】; they mark the signature."))
    if _CONTROL.search(template):
        reasons.append(_("The text contains characters that cannot be sent."))
    if units(complete(signature, template, opt_out)) > LONGEST:
        reasons.append(_("The text is longer than %(most)s characters.", most=LONGEST))
    if reasons:
        raise DomainError(_("This text cannot be sent."), reasons)


def is_opt_out(reply: str) -> bool:
    """True if a reply asks not to be written to again: R, T, TD, N, 退订 and the like, alone in the text, in
    any width and case."""
    plain = unicodedata.normalize("NFKC", reply).upper()
    return _OPT_OUT.fullmatch(_NOT_A_WORD.sub("", plain)) is not None


def is_disowned(reply: str) -> bool:
    """True if a reply seems to come from somebody else than the person written to: 打错了, 不是本人 and the
    like. Rather once too often: what it decides is only whether the reply verifies the number."""
    return _DISOWNED.search(_NOT_A_WORD.sub("", unicodedata.normalize("NFKC", reply))) is not None
