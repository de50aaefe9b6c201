import dataclasses
import time

import pytest
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.config import current_settings
from app.core.jobs import redis_connection
from campaigns.gateways.http import HttpGateway
from campaigns.gateways.pace import LOCAL_SHARE, Pace
from campaigns.gateways.protocol import Limits
from campaigns.gateways.simulator import client


@pytest.fixture
def gateway(house: Flask) -> HttpGateway:
    return dataclasses.replace(client(current_settings()), limits=Limits(batch=100, per_second=100))


@pytest.mark.databases("sqlite")
def test_all_workers_together_keep_to_the_accounts_rate(gateway: HttpGateway) -> None:
    workers = [Pace(gateway) for _ in range(3)]
    began, granted = time.monotonic(), 0
    while granted < 200:
        granted += sum(worker.take(20).count for worker in workers)
    assert granted <= 100 + 100 * (time.monotonic() - began) + 1


@pytest.mark.databases("sqlite")
def test_a_grant_is_never_crumbs(gateway: HttpGateway) -> None:
    pace = Pace(gateway)
    assert pace.take(100).count == 100
    # what a tenth of a second between two of these brings is no crumb either
    while (refused := pace.take(100)).count:
        assert refused.count >= 10
    assert 0 < refused.wait <= 0.11
    time.sleep(refused.wait)
    assert pace.take(100).count >= 10


@pytest.mark.databases("sqlite")
def test_unused_tokens_come_back(gateway: HttpGateway) -> None:
    pace = Pace(gateway)
    pace.take(100)
    pace.give_back(90)
    assert pace.take(90).count == 90


@pytest.mark.databases("sqlite")
def test_after_a_warning_nobody_sends_for_a_while(gateway: HttpGateway) -> None:
    pace = Pace(gateway)
    pace.take(1)
    pace.rest()
    assert Pace(gateway).take(10).wait > 1


@pytest.mark.databases("sqlite")
def test_a_flushed_redis_starts_a_new_full_bucket(gateway: HttpGateway) -> None:
    pace = Pace(gateway)
    pace.take(100)
    redis_connection().flushall()
    assert pace.take(100).count == 100


@pytest.mark.databases("sqlite")
def test_without_redis_a_process_keeps_to_a_small_share(gateway: HttpGateway) -> None:
    pace = Pace(gateway, Redis(unix_socket_path="/nonexistent/valkey.sock", retry=Retry(NoBackoff(), 0)))
    assert pace.take(100).count == 0, "a process that just started knows nothing of what others sent"
    began, granted = time.monotonic(), 0
    while granted < 4:
        granted += pace.take(100).count
    assert granted <= 100 * LOCAL_SHARE * (time.monotonic() - began) + 1
