"""What the house's own template engine and addresses must share with Jinja's and Flask's."""

import pytest
from flask import Flask, render_template_string, url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

HOSTILE = "<b>&\"'"


@pytest.mark.parametrize(
    "value",
    [HOSTILE, _l("%(name)s", name=HOSTILE), [HOSTILE], HOSTILE.encode()],
    ids=lambda v: type(v).__name__,
)
def test_a_printed_value_is_escaped_whatever_it_is(app: Flask, value: object) -> None:
    with app.test_request_context():
        shown = render_template_string("{{ value }}", value=value)

    assert "&lt;b&gt;&amp;" in shown
    assert "<b>" not in shown


def test_markup_and_what_macros_make_are_printed_as_they_are(app: Flask) -> None:
    macro = "{% macro bold() %}<b>{{ caller() }}</b>{% endmacro %}"
    template = macro + "{% call bold() %}{{ value }}{% endcall %}{{ mark }}"
    with app.test_request_context():
        shown = render_template_string(template, value=HOSTILE, mark=Markup("<i>"))

    assert shown.startswith("<b>&lt;b&gt;&amp;")
    assert shown.endswith("</b><i>")


def test_a_called_function_gets_what_the_template_gives_it(app: Flask) -> None:
    template = "{% for one in (1, 2) %}{% set here = one %}{{ told(here, by=one) }}{% endfor %}"
    with app.test_request_context():
        assert render_template_string(template, told=lambda *given, **named: f"{given}{named} ") == (
            "(1,){&#x27;by&#x27;: 1} (2,){&#x27;by&#x27;: 2} "
        )


def test_a_kept_address_belongs_to_the_root_it_is_served_under(app: Flask) -> None:
    for root in ("", "/office", ""):
        with app.test_request_context("/employers", base_url=f"http://localhost{root}"):
            assert url_for("employers.index", q="a") == f"{root}/employers?q=a"


def test_an_address_keeps_texts_and_numbers_apart_and_still_takes_the_rest(app: Flask) -> None:
    with app.test_request_context("/employers"):
        assert url_for("employers.index", q=1) == "/employers?q=1"
        assert url_for("employers.index", q=True) == "/employers?q=True"
        assert url_for("employers.index", q=["a", "b"], _anchor="list") == "/employers?q=a&q=b#list"
        assert url_for(".index", _external=True).startswith("http://localhost/")
