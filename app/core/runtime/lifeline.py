"""No orphans: a process that ends as soon as the one that started it has ended, however that ended."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

# Loaded at import: between fork and exec a child must not search for libraries.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None) -> None:
    """Ask the kernel to kill this process when its parent ends; ``parent`` is the parent's process id.

    Linux only; elsewhere the supervisor's orderly stop is all there is.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        # The parent ended before the kernel knew of the wish.
        os._exit(1)


def name_process(name: str) -> None:
    """What this process is called in lists of processes (Linux only; 15 bytes are shown)."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode())
