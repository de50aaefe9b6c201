"""The simulator's own memory: what it accepted, which receipts are due, which faults are set.

A SQLite file beside the product's database, never the product's database: the gateway is another company's
machine, and tests compare the two. The file can be read while the server runs and when it does not.
"""

import hashlib
import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from threading import RLock
from typing import Any

#: Codes as the operators write them.
DELIVERED = ("delivered", "DELIVRD")
DEAD = ("failed", "MK:0001")
SWITCHED_OFF = ("expired", "EXPIRED")

SCHEMA = """
create table if not exists accepted (
  key text primary key, phone text not null, text text not null, batch text not null,
  accepted_at real not null,
  repeats integer not null default 0, outcome text not null, code text not null,
  due real not null, pushes integer not null default 0, pushed integer not null default 0
) without rowid;
create index if not exists accepted_due on accepted (due) where pushed = 0;
create table if not exists reply (
  id text primary key, phone text not null, text text not null, at real not null,
  pushed integer not null default 0
);
create table if not exists fault (name text primary key, value text not null);
"""


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose.

    The first six count down over the next N submit requests; percentages go by phone number.
    """

    timeout_after_accept: int = 0  # accepted, but the answer never comes
    error_before_accept: int = 0  # 503, nothing accepted
    error_after_accept: int = 0  # 500, everything accepted
    reset_before_accept: int = 0  # connection reset, nothing accepted
    reset_after_accept: int = 0  # connection reset, everything accepted
    flow_control: int = 0  # 429
    reject_code: str = ""  # refuse every message with this code, for example XA:0003
    slow_ms: int = 0  # wait before every answer
    dead_percent: int = 3
    expired_percent: int = 1
    receipt_delay_ms: int = 1000
    receipts_off: int = 0  # never push; they can still be asked for
    receipts_first: int = 0  # push the receipts before answering the submit
    receipts_twice: int = 0
    receipts_shuffled: int = 0


COUNTED = (
    "timeout_after_accept",
    "error_before_accept",
    "error_after_accept",
    "reset_before_accept",
    "reset_after_accept",
    "flow_control",
)
NAMES = tuple(field.name for field in fields(Faults))


def outcome_of(phone: str, faults: Faults) -> tuple[str, str]:
    """(outcome, code) of a phone number: always the same one, so that a test can tell beforehand."""
    lot = int.from_bytes(hashlib.sha256(phone.encode()).digest()[:4]) % 100
    if lot < faults.dead_percent:
        return DEAD
    return SWITCHED_OFF if lot < faults.dead_percent + faults.expired_percent else DELIVERED


class Store:
    """The file, for the threads of one server and for readers beside it. Every method is one short
    transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def accept(self, messages: Sequence[dict[str, str]], faults: Faults, due: float) -> str:
        """Take messages in, each key once (repeats are only counted). Returns the batch number."""
        batch = uuid.uuid4().hex[:16]
        self._take(messages, faults, (batch, time.time(), due, 0))
        return batch

    def recall(self, batch: str, messages: Sequence[dict[str, str]], faults: Faults, at: float) -> None:
        """Take in what is said to have been accepted earlier, at a Unix time, and was reported long since."""
        self._take(messages, faults, (batch, at, at, 1))

    def forget(self, beginning: str) -> None:
        """Drop the batches whose number begins so, as if they had never come."""
        with self._transaction():
            self._db.execute(
                "delete from accepted where substr(batch, 1, ?) = ?", (len(beginning), beginning)
            )

    def _take(
        self, messages: Sequence[dict[str, str]], faults: Faults, circumstances: tuple[str, float, float, int]
    ) -> None:
        rows = [[m["key"], m["phone"], m["text"], *outcome_of(m["phone"], faults)] for m in messages]
        with self._transaction():
            # One statement for the batch: executemany would hand Python's lock to and fro at every row.
            self._db.execute(
                "insert into accepted (key, phone, text, outcome, code, batch, accepted_at, due, pushed)"
                " select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?, ?, ?, ?"
                " from json_each(?) where true on conflict (key) do update set repeats = repeats + 1",
                (*circumstances, json.dumps(rows)),
            )

    def messages(self, keys: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """What was accepted, oldest first; only the given keys if there are any."""
        query = "select key, phone, text, batch, accepted_at, repeats, outcome, code, due from accepted"
        if keys is None:
            return self._rows(f"{query} order by accepted_at, key")
        marks = ",".join("?" * len(keys))
        return self._rows(f"{query} where key in ({marks})", keys)

    def due_receipts(self, now: float, most: int) -> list[dict[str, Any]]:
        """Receipts that should have been pushed by now."""
        return self._rows(
            "select key, phone, outcome, code, accepted_at, due from accepted"
            " where pushed = 0 and due <= ? order by due limit ?",
            (now, most),
        )

    def receipts_pushed(self, keys: Iterable[str]) -> None:
        """The app has them."""
        with self._transaction():
            self._db.execute(
                "update accepted set pushed = 1 where key in (select value from json_each(?))",
                (json.dumps(list(keys)),),
            )

    def receipts_refused(self, keys: Iterable[str], waits: Sequence[float]) -> None:
        """Try again after the next of `waits` (seconds), then give up, as real gateways do."""
        now = time.time()
        with self._transaction():
            self._db.execute(
                "update accepted set due = ? + coalesce(json_extract(?, '$[' || pushes || ']'), 0),"
                " pushed = (pushes >= ?), pushes = pushes + 1 where key in (select value from json_each(?))",
                (now, json.dumps(list(waits)), len(waits), json.dumps(list(keys))),
            )

    def add_reply(self, phone: str, text: str) -> str:
        """A person answers; the server pushes it to the app."""
        reply_id = uuid.uuid4().hex
        with self._transaction():
            self._db.execute(
                "insert into reply (id, phone, text, at) values (?, ?, ?, ?)",
                (reply_id, phone, text, time.time()),
            )
        return reply_id

    def due_replies(self) -> list[dict[str, Any]]:
        """Replies the app has not taken yet."""
        return self._rows("select id, phone, text, at from reply where pushed = 0 order by at limit 100")

    def replies_since(self, since: float) -> list[dict[str, Any]]:
        """Replies to be fetched, whether they were pushed or not."""
        return self._rows(
            "select id, phone, text, at from reply where at >= ? order by at limit 1000", (since,)
        )

    def replies_pushed(self, ids: Iterable[str]) -> None:
        """The app has them."""
        with self._transaction():
            self._db.executemany("update reply set pushed = 1 where id = ?", [(i,) for i in ids])

    def faults(self) -> Faults:
        """The faults that are set now."""
        stored = {row["name"]: row["value"] for row in self._rows("select name, value from fault")}
        values: dict[str, Any] = {name: _typed(name, value) for name, value in stored.items()}
        return replace(Faults(), **values)

    def set_faults(self, values: Mapping[str, str]) -> None:
        """Set some faults and leave the others. Raises ValueError for a wrong name or number."""
        rows = [(name, str(_typed(name, value))) for name, value in values.items()]
        with self._transaction():
            self._db.executemany("insert or replace into fault values (?, ?)", rows)

    def clear_faults(self) -> None:
        """Back to a gateway that works."""
        with self._transaction():
            self._db.execute("delete from fault")

    def take_fault(self) -> tuple[str | None, Faults]:
        """The counted fault that hits this request (it is counted down), and all faults."""
        faults = self.faults()
        name = next((name for name in COUNTED if getattr(faults, name) > 0), None)
        if name:
            with self._transaction():
                self._db.execute(
                    "update fault set value = value - 1 where name = ? and cast(value as integer) > 0",
                    (name,),
                )
        return name, faults

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with self._lock, closing(self._db.execute(query, parameters)) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _typed(name: str, value: str) -> int | str:
    if name not in NAMES:
        raise ValueError(f"There is no fault named {name}; there are: {', '.join(NAMES)}.")
    if isinstance(getattr(Faults, name), str):
        return value
    if not value.isdigit():
        raise ValueError(f"The fault {name} takes a number of 0 or more, not {value!r}.")
    return int(value)
