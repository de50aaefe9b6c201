import pytest
from flask import Flask

from app.core.db import db
from campaigns.gateways.codes import SHIPPED, classify, reclassify
from campaigns.gateways.protocol import FailureClass


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("MK:0001", FailureClass.DEAD_NUMBER),
        ("EXPIRED", FailureClass.TEMPORARY),
        ("MBBLACK", FailureClass.OPT_OUT),
        ("XA:0003", FailureClass.CONTENT),
        ("BUSINESS_LIMIT_CONTROL", FailureClass.FLOW_CONTROL),
        ("OUT_OF_SERVICE", FailureClass.ACCOUNT),
        ("NEVER_HEARD_OF", FailureClass.OTHER),
        (None, FailureClass.OTHER),
    ],
)
def test_codes_say_what_is_asked_of_us(app: Flask, code: str | None, failure: FailureClass) -> None:
    assert classify("simulator", [code]) == {code: failure}


def test_a_department_knows_its_gateway_better(app: Flask) -> None:
    assert SHIPPED["MK:0010"] is FailureClass.TEMPORARY
    reclassify("simulator", "MK:0010", FailureClass.DEAD_NUMBER, note="移动本地网")
    reclassify("simulator", "MK:0010", FailureClass.DEAD_NUMBER)
    assert classify("simulator", ["MK:0010"])["MK:0010"] is FailureClass.DEAD_NUMBER
    assert classify("another", ["MK:0010"])["MK:0010"] is FailureClass.TEMPORARY


def test_a_code_is_taught_from_the_shell(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["gateway", "code", "LOCAL:9", "opt_out"]).exit_code == 0
    assert classify("simulator", ["LOCAL:9"])["LOCAL:9"] is FailureClass.OPT_OUT
    assert runner.invoke(args=["gateway", "code", "LOCAL:9", "whatever"]).exit_code == 2
    db.session.rollback()
