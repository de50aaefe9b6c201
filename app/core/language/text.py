"""Text as the department compares it: names, codes, pinyin; and personal data as it may be shown."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.core.language.phrases import cut, syllables

#: what Chinese has in full width, in names and sentences
_WRITTEN = frozenset("（），：；！？～…")
#: Every bracket that turns up in company names, as the plain pair.
_BRACKETS = str.maketrans("〔〕【】[]{}<>〈〉《》", "()()()()()()()")
#: Spellings of one legal form; a registry and a bank seldom write the same one.
_FORMS = (("有限责任公司", "有限公司"), ("股份有限公司", "股份公司"))
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_LANDLINE = re.compile(r"^(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?$")


def clean(text: str) -> str:
    """The text as people should see it: one width for letters and digits, single inner blanks, none outside.

    Full-width brackets and stops stay as they are: they are part of how Chinese is written.
    """
    kept = "".join(char if char in _WRITTEN else unicodedata.normalize("NFKC", char) for char in text)
    return " ".join(kept.split())


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """What two spellings of one employer's name have in common; used to match where no code is known.

    >>> name_key("天津（滨海） 港务有限责任公司")
    '天津(滨海)港务有限公司'
    """
    key = unicodedata.normalize("NFKC", name).casefold().translate(_BRACKETS)
    if not key.isalnum():
        key = "".join(char for char in key if not char.isspace() and unicodedata.category(char) != "Cf")
    for written, form in _FORMS:
        key = key.replace(written, form)
    return key


#: The provinces by the names that companies write; in brackets they only say where a company was registered.
_PROVINCES = (
    "北京天津上海重庆河北山西辽宁吉林江苏浙江安徽福建江西山东河南湖北湖南广东海南四川贵州云南陕西甘肃青海"
    "台湾西藏广西宁夏新疆香港澳门"
)
_PROVINCE = "|".join((*(_PROVINCES[i : i + 2] for i in range(0, len(_PROVINCES), 2)), "内蒙古", "黑龙江"))
_REGISTERED_IN = re.compile(rf"\((?:{_PROVINCE}|中国)[省市]?\)")
_PLACE_FIRST = re.compile(rf"^({_PROVINCE})[省市]")
_FORM = re.compile(r"(?:集团)?(?:股份)?(?:有限)?(?:责任)?公司$")


def match_key(name: str) -> str:
    """What is left of a name for telling duplicates: no legal form, no brackets, no province in brackets.

    Coarser than `name_key`: equal keys are a reason to look, never proof. A branch office (分公司) keeps its
    ending, because it is not its company.

    >>> match_key("天津市恒达科技（天津）有限责任公司")
    '天津恒达科技'
    """
    key = _PLACE_FIRST.sub(r"\1", _REGISTERED_IN.sub("", name_key(name)))
    if not key.endswith(("分公司", "子公司")):
        key = _FORM.sub("", key)
    return search_key(key) or name_key(name)


def search_key(text: str) -> str:
    """Only letters, digits and characters, in one width and case: what searching compares."""
    key = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return key if key.isalnum() else "".join(char for char in key if char.isalnum())


def search_words(text: str) -> list[str]:
    """The search keys of what blanks part, the longest first; none for punctuation alone.

    A number, a code or a Latin name is one word however it is grouped. The legal form of a company is looked
    for apart, as a registry and a bank seldom write the same one.

    >>> search_words("港务 滨海１号"), search_words("138 0013 8000")
    (['滨海1号', '港务'], ['13800138000'])
    >>> search_words("恒达科技有限责任公司") == search_words("恒达科技有限公司")
    True
    """
    whole = search_key(without_country(text))
    parts = text.split() if not whole.isascii() else [whole]
    keys = (key for part in parts for key in _without_form(search_key(part)))
    words = dict.fromkeys(key for key in keys if key)
    return sorted(words, key=len, reverse=True)


_LEGAL_FORM = re.compile(r"(.{2,}?(?:有限|股份))(?:有限)?(?:责任)?(公司)")


def _without_form(key: str) -> tuple[str, ...]:
    """恒达股份有限公司: 恒达股份 and 公司, which all spellings of this form have in common."""
    found = _LEGAL_FORM.fullmatch(key)
    return (found[1], found[2]) if found else (key,)


_COUNTRY = re.compile(r"(?:(?:\+|00)86|86(?=[ -]))[ -]?(1[3-9][\d -]{9,})")


def without_country(text: str) -> str:
    """A mobile number without the +86 that a telephone's list of contacts puts before it; else the text.

    >>> without_country("+86 138 0013 8000"), without_country("8613800138000")
    ('138 0013 8000', '8613800138000')
    """
    found = _COUNTRY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return found[1] if found else text


def code_key(text: str) -> str:
    """A credit code or account number as it is stored: upper case, one width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


@dataclass(frozen=True, slots=True)
class Pinyin:
    """`full` is every syllable run together, `initials` the first letter of each."""

    full: str
    initials: str


def pinyin(text: str) -> Pinyin:
    """How a name is typed without its characters; digits and Latin letters stay.

    >>> pinyin("滨海港务")
    Pinyin(full='binhaigangwu', initials='bhgw')
    """
    read = [syllable for word in cut(search_key(text)) for syllable in syllables(word)]
    return Pinyin("".join(read), "".join([syllable[0] for syllable in read if syllable]))


def phone_digits(text: str) -> str:
    """The digits of a telephone number, without a leading +86."""
    plain = text.isascii() and text.isdigit()  # as most are stored
    digits = text if plain else re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def is_mobile(text: str) -> bool:
    """Whether it is a mobile number of the mainland, already reduced to digits."""
    return _MOBILE.match(text) is not None


def is_landline(text: str) -> bool:
    return _LANDLINE.match(text) is not None


def mask_phone(number: str | None) -> str:
    """138****5678; of a landline the last four digits stay hidden."""
    if not number:
        return ""
    if is_mobile(number):
        return f"{number[:3]}****{number[-4:]}"
    return number[:-4] + "****" if len(number) > 4 else "****"


def mask_id_number(number: str | None) -> str:
    """The first and last three characters of an identity number."""
    if not number:
        return ""
    return f"{number[:3]}{'*' * (len(number) - 6)}{number[-3:]}" if len(number) > 6 else "*" * len(number)


def mask_email(address: str | None) -> str:
    if not address:
        return ""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
