"""How fast an account may send: one token bucket in Redis for all workers on all machines.

Without Redis each process keeps to a small share of the rate by itself, so that losing Redis can only slow
sending down.
"""

import time
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from app.core.jobs import redis_connection
from campaigns.gateways.protocol import Gateway

#: The share of the account's rate that a process allows itself when it cannot ask the others.
LOCAL_SHARE = 0.05

#: Seconds for which an account rests after its gateway asked us to slow down.
REST = 5.0

#: Seconds after which an unused bucket is forgotten; it is full again long before.
FORGET = 600

#: KEYS: bucket. ARGV: rate a second, tokens wanted, smallest useful grant. Redis's own clock, so that the
#: machines' clocks do not matter. Gives {granted, milliseconds to wait}.
TAKE = """
local rate, wanted, least = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(rate, (tonumber(kept[1]) or rate) + (now - (tonumber(kept[2]) or now)) * rate)
local granted, wait = 0, 0
if tokens >= least then
  granted = math.min(wanted, math.floor(tokens))
  tokens = tokens - granted
else
  wait = math.ceil((least - tokens) / rate * 1000)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {granted, wait}
"""

#: KEYS: bucket. ARGV: tokens to add (may be negative), most, seconds to keep.
ADJUST = """
local tokens = tonumber(redis.call('HGET', KEYS[1], 'tokens'))
if tokens then redis.call('HSET', KEYS[1], 'tokens', tostring(math.min(tonumber(ARGV[2]), tokens + ARGV[1])))
end
"""


@dataclass(frozen=True)
class Grant:
    """`count` messages may go now; if none, ask again after `wait` seconds."""

    count: int
    wait: float


class Pace:
    """The bucket of one gateway account, as this process sees it."""

    def __init__(self, gateway: Gateway, connection: Redis | None = None) -> None:
        self._rate = gateway.limits.per_second
        self._key = f"jinnuo:pace:{gateway.name}"
        self._redis = connection or redis_connection()
        # Empty at first: a process that starts without Redis knows nothing of what others just sent.
        self._local_tokens, self._local_at = 0.0, time.monotonic()

    def take(self, wanted: int) -> Grant:
        """Ask for up to `wanted` messages (1 or more);

        grants are not crumbs but at least a tenth of a second's worth.
        """
        least = max(1, min(wanted, self._rate // 10))
        try:
            granted, wait = self._redis.eval(TAKE, 1, self._key, self._rate, wanted, least, FORGET)
        except (RedisError, OSError):
            return self._take_locally(wanted)
        return Grant(int(granted), int(wait) / 1000)

    def give_back(self, count: int) -> None:
        """Tokens that were granted and not used."""
        if count:
            self._adjust(count)

    def rest(self) -> None:
        """The gateway asked us to slow down: nobody sends for a moment."""
        self._adjust(-int(self._rate * REST))
        self._local_tokens = -self._rate * LOCAL_SHARE * REST

    def _adjust(self, tokens: int) -> None:
        try:
            self._redis.eval(ADJUST, 1, self._key, tokens, self._rate)
        except (RedisError, OSError):
            self._local_tokens += max(tokens, 0)

    def _take_locally(self, wanted: int) -> Grant:
        rate = max(1.0, self._rate * LOCAL_SHARE)
        now = time.monotonic()
        self._local_tokens = min(rate, self._local_tokens + (now - self._local_at) * rate)
        self._local_at = now
        granted = min(wanted, int(self._local_tokens))
        self._local_tokens -= granted
        return Grant(granted, 0.0 if granted else (1 - self._local_tokens) / rate)
