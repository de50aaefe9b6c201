"""Which texts of an employer a needle can mean, and in which order they are trusted."""

from app.employers.search.models import TermKind

#: Groups of the result, the surest first; an employer is listed once, under the surest that found it.
GROUPS: tuple[tuple[TermKind, ...], ...] = (
    (TermKind.NAME,),
    (TermKind.FORMER_NAME,),
    (TermKind.USCC,),
    (TermKind.ACCOUNT,),
    (TermKind.PHONE,),
    (TermKind.CONTACT,),
    (TermKind.INITIALS, TermKind.PINYIN),
)
#: Shorter needles of a kind would find nearly everything, or let strangers' numbers be guessed.
SHORTEST = {
    TermKind.PHONE: 4,
    TermKind.USCC: 3,
    TermKind.ACCOUNT: 3,
    TermKind.INITIALS: 2,
    TermKind.PINYIN: 3,
    TermKind.CONTACT_PINYIN: 2,
}
#: What people are found by. Their pinyin finds no employers: its initials would hide those of names.
OF_PEOPLE = (TermKind.CONTACT, TermKind.PHONE, TermKind.CONTACT_PINYIN)
DIGITS_ONLY = {TermKind.PHONE, TermKind.ACCOUNT}
LATIN_ONLY = {TermKind.USCC, TermKind.INITIALS, TermKind.PINYIN, TermKind.CONTACT_PINYIN}


def kinds_for(needle: str) -> list[TermKind]:
    """Which kinds of term of an employer a needle (a search key) can mean."""
    return [kind for group in GROUPS for kind in group if may_mean(needle, kind)]


def may_mean(needle: str, kind: TermKind) -> bool:
    if not needle or len(needle) < SHORTEST.get(kind, 1):
        return False
    if kind in DIGITS_ONLY:
        return needle.isascii() and needle.isdigit()
    return needle.isascii() if kind in LATIN_ONLY else True
