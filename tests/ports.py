"""Ports for the servers of tests."""

import random
import socket

#: below those that systems give to outgoing connections: nobody takes one between its choice and its use
FIRST, LAST = 20_000, 30_000


def free_port() -> int:
    """A port of this machine that nobody listens on now, and that hardly anybody else will choose."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)
        with socket.socket() as probe:
            # what was served a moment ago is not in the way
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
