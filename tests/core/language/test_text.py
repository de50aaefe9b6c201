import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.language import text
from app.core.language.phrases import cut


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("天津（滨海）港务有限公司", "天津(滨海)港务有限公司"),
        ("天津 滨海港务 有限公司 ", "天津滨海港务有限公司"),
        ("天津滨海港务有限责任公司", "天津滨海港务有限公司"),
        ("ＡＢＣ科技", "abc科技"),
        ("天津〔滨海〕港务", "天津【滨海】港务"),
    ],
)
def test_two_spellings_of_one_name_have_one_key(written: str, other: str) -> None:
    assert text.name_key(written) == text.name_key(other)


def test_what_people_write_keeps_its_chinese_stops() -> None:
    written = "　滨审批〔2020〕３号，附：登记表（复印件）；ＰＤＦ  "
    assert text.clean(written) == "滨审批〔2020〕3号，附：登记表（复印件）；PDF"


def test_a_branch_and_its_head_office_stay_two_names() -> None:
    assert text.name_key("天津港务有限公司塘沽分公司") != text.name_key("天津港务有限公司")


@given(st.text(max_size=60))
def test_keys_of_keys_are_the_same_keys(raw: str) -> None:
    once = text.name_key(raw)
    assert text.search_key(text.search_key(raw)) == text.search_key(raw)
    assert not any(char.isspace() for char in once)


def test_pinyin_gives_what_people_type() -> None:
    assert text.pinyin("天津（滨海）重庆银行3号") == text.Pinyin(
        "tianjinbinhaichongqingyinhang3hao", "tjbhcqyh3h"
    )
    # places as they are called, whatever else the characters say
    places = {"长沙": "changsha", "厦门": "xiamen", "朝阳": "chaoyang", "单县": "shanxian"}
    assert {name: text.pinyin(name).full for name in places} == places


def test_personal_data_is_masked_but_recognisable() -> None:
    assert text.mask_phone("13812345678") == "138****5678"
    assert text.mask_phone("022-66271234") == "022-6627****"
    assert text.mask_phone(None) == ""
    assert text.mask_id_number("120107199001011234") == "120************234"
    assert text.mask_email("zhang@example.org") == "z***@example.org"


def test_telephone_numbers_are_reduced_to_their_digits() -> None:
    assert text.phone_digits("+86 138-1234 5678") == "13812345678"
    assert text.is_mobile("13812345678")
    assert not text.is_mobile("12812345678")
    assert text.is_landline("022-66271234")
    assert not text.is_landline("12")


def test_names_are_read_by_the_phrases_that_pypinyin_finds() -> None:
    names = [
        "天津重庆银行乐器行有限公司",
        "滨海3号长沙石厂abc",
        "会计师事务所",
        "重",
        "都会重工绿色女服",
        "一不小心",
    ]
    oracle = "import json, sys, pypinyin; print(json.dumps([pypinyin.lazy_pinyin(n) for n in sys.argv[1:]]))"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYPINYIN")}
    heard = subprocess.run(  # by itself: we import pypinyin without its phrases
        [sys.executable, "-c", oracle, *names], env=plain, capture_output=True, check=True, text=True
    )
    assert [text.pinyin(name).full for name in names] == ["".join(read) for read in json.loads(heard.stdout)]
    assert cut("天津重庆银行3号") == ["天", "津", "重庆", "银行", "3", "号"]
