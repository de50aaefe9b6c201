"""Entering an account at a provider: who may, what is asked, and that its secret is never shown again."""

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from app.core.clock import now
from app.core.db import db
from app.core.permissions import Role
from campaigns.gateways import accounts, registry, words
from tests.factories import create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")

SECRET = "never-shown-again"
ALIYUN = {
    "name": "阿里云主账户",
    "enabled": "y",
    "weight": "3",
    "batch": "100",
    "per_second": "500",
    "config_endpoint": "https://sms.example.cn",
    "config_access_id": "LTAI-example",
    "secret": SECRET,
}


def test_an_administrator_enters_an_account_and_nobody_sees_its_secret_again(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert "尚未登记账户" in client.get("/settings/gateways").text
    begun = client.post("/settings/gateways", data={"kind": "aliyun", "code": "main"})
    place = begun.headers["Location"]
    refused = client.post(place, data=ALIYUN | {"batch": "101", "config_endpoint": "sms"})
    assert refused.status_code == 422
    assert "1 至 100" in refused.text
    assert "地址格式" in refused.text
    assert client.post(place, data=ALIYUN).status_code == 303
    page = client.get("/settings/gateways/main").text
    assert SECRET not in page
    assert accounts.callback_token("main") in page
    text = {"number": "SMS_1", "text": "{handler}您好"}
    assert client.post("/settings/gateways/main/texts", data=text).status_code == 303
    assert client.post("/settings/gateways/main/texts", data=text).status_code == 409
    # what no message could ever be, or no campaign may say, is refused as it is in templates
    words.forbid("加微信", "", "")
    for wrong in ("{姓名}您好", "{name您好", "请加 微-信"):
        unfit = {"number": "T9", "text": wrong}
        assert client.post("/settings/gateways/main/texts", data=unfit).status_code == 400, wrong
    changed = client.post("/settings/gateways/main/change", data=ALIYUN | {"secret": "", "weight": "0"})
    assert changed.status_code == 303
    account = accounts.find("main")
    assert account.secret
    assert (account.secret.opened, account.weight) == (SECRET, 0)
    assert [gateway.name for gateway, _weight in registry.usable()] == ["main"]
    client.post("/settings/gateways/main/texts/remove", data={"text": accounts.filed_texts(account)[0].id})
    assert accounts.filed_texts(account) == []
    assert "main" in client.get("/settings/gateways").text
    assert "处理方式" in client.get("/settings/gateway-codes?gateway=main").text
    assert client.get("/settings/gateway-codes?gateway=none").status_code == 404


def test_a_manager_sees_accounts_but_neither_their_addresses_nor_a_form(client: FlaskClient) -> None:
    config = {"endpoint": "https://sms.example.cn", "access_id": "LTAI-example"}
    accounts.enter("main", accounts.Entry("主", "aliyun", True, 1, 10, 10, False, config, SECRET))
    sign_in(client, create_user(Role.MANAGER))
    page = client.get("/settings/gateways/main").text
    assert accounts.callback_token("main") not in page
    assert "LTAI-example" not in page
    assert client.post("/settings/gateways/main/change", data=ALIYUN).status_code == 403
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get("/settings/gateways").status_code == 403


def test_an_account_that_had_trouble_rests_on_its_page_only_until_it_is_used_again(
    client: FlaskClient,
) -> None:
    config = {"base_url": "https://sms.example.cn"}
    accounts.enter("main", accounts.Entry("主", "http", True, 1, 10, 10, True, config, SECRET))
    accounts.rest("main", registry.UNREACHABLE)
    db.session.commit()
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    for page in ("/settings/gateways", "/settings/gateways/main"):
        assert "UNREACHABLE" in client.get(page).text
    with time_machine.travel(now() + accounts.SILENT + timedelta(seconds=1)):
        assert "使用中" in client.get("/settings/gateways").text
        for page in ("/settings/gateways", "/settings/gateways/main"):
            assert "UNREACHABLE" not in client.get(page).text


def test_a_new_http_account_is_offered_the_usual_paths_and_told_what_none_means(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    page = client.get("/settings/gateways/new/http/own").text
    for path in ("/v1/messages", "/v1/query", "/v1/replies/since", "须人工核定"):
        assert path in page
    entry = ALIYUN | {"config_base_url": "https://sms.example.cn", "config_query_path": ""}
    assert client.post("/settings/gateways/new/http/own", data=entry).status_code == 303
    assert "/v1/query" not in client.get("/settings/gateways/own").text
