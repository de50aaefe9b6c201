"""Every text of the product reads in Chinese, once, and with the values it promises."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale

from app.audit import queries
from app.core.db import Base
from app.core.language import catalogues, i18n

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
PLURALS = '"Plural-Forms: nplurals=1; plural=0;\\n"\n'


def faults_of(entries: str, header: str = HEADER + PLURALS) -> list[str]:
    return list(catalogues._faults(read_po(BytesIO((header + entries).encode()))))


def test_every_text_has_one_sound_chinese_reading() -> None:
    found = catalogues.problems()
    assert not found, "\n".join(found)


def test_the_trail_names_every_audited_field_in_chinese(app: Flask) -> None:
    models = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__audited__]
    fields = {column.name for model in models for column in model.__table__.columns}
    with force_locale(i18n.DEFAULT):
        english = {name for name in fields if queries.name_of(name).isascii()}
        english |= {one.__tablename__ for one in models if queries.kind_name(one.__tablename__).isascii()}
    assert len(fields) > 50
    assert english == set()


def test_texts_are_found_in_code_and_in_templates() -> None:
    found = {use.key: use.path.suffix for use in catalogues.used_texts()}
    assert found["Skip to the content"] == ".html"
    assert found["My work"] == ".py"
    assert found["%(num)d day left"] == ".py"


def test_every_catalogue_names_its_encoding_and_compiles() -> None:
    paths = i18n.catalogues(i18n.DEFAULT)
    assert paths
    for path in paths:
        assert "charset=utf-8" in path.read_text(encoding="utf-8").lower()[:600], path.name
        assert i18n.compile_catalogue(path)


def test_the_check_notices_a_placeholder_that_the_text_does_not_have() -> None:
    assert faults_of('\nmsgid "Hello %(name)s"\nmsgstr "你好 %(nome)s"\n')
    assert faults_of('\nmsgid "Hello %(name)s"\nmsgstr "你好"\n')
    assert not faults_of('\nmsgid "Hello %(name)s"\nmsgstr "你好 %(name)s"\n')


def test_the_check_notices_a_per_cent_sign_that_would_break_the_text() -> None:
    assert faults_of('\nmsgid "%(done)s%% done"\nmsgstr "完成 %(done)s%"\n')
    assert not faults_of('\nmsgid "%(done)s%% done"\nmsgstr "完成 %(done)s%%"\n')


def test_the_check_notices_half_width_signs_between_chinese() -> None:
    assert faults_of('\nmsgid "a"\nmsgstr "好,再来"\n')
    assert not faults_of('\nmsgid "a"\nmsgstr "好，再来，时间12:30"\n')


def test_the_check_notices_plurals_without_a_rule() -> None:
    entry = '\nmsgid "%(num)d day"\nmsgid_plural "%(num)d days"\nmsgstr[0] "%(num)d 天"\n'
    assert not faults_of(entry)
    assert faults_of(entry.replace("msgstr[0]", 'msgstr[1] "天"\nmsgstr[0]'), HEADER)


def test_the_check_notices_one_text_with_two_readings() -> None:
    def of(reading: str) -> Catalog:
        return read_po(BytesIO(f'{HEADER}\nmsgid "Open"\nmsgstr "{reading}"\n'.encode()))

    assert catalogues._merged({"a": of("打开"), "b": of("待办")})[1]
    assert not catalogues._merged({"a": of("打开"), "b": of("打开")})[1]


def test_a_catalogue_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.po"
    broken.write_text("no catalogue at all", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.po"):
        catalogues.load(broken)
