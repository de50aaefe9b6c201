"""Files that people hand in, kept under their own hash: the same file is kept once, and is never changed.

A file is first a draft. It gets its name by a rename, so whoever is killed leaves a draft that nobody reads.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOCK = 1 << 20
DRAFT = "draft-"


class TooLarge(Exception):
    """The stream is longer than the draft may be."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that has come in whole and is not kept yet. `size` in bytes."""

    folder: Path
    path: Path
    sha256: str
    size: int

    def keep(self) -> Path:
        """Give the file its name. A file of this name has the same content, so it may be replaced."""
        path = path_of(self.folder, self.sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.replace(path)
        # else a power failure could forget the name after a database remembers it
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return path


@contextmanager
def drafted(folder: Path, stream: IO[bytes], most: int | None = None) -> Iterator[Draft]:
    """Write a stream down; what is not kept inside the context is gone after it.

    Raises TooLarge after reading `most` bytes and a little.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{DRAFT}{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while block := stream.read(BLOCK):
                size += len(block)
                if most is not None and size > most:
                    raise TooLarge
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        yield Draft(folder, path, digest.hexdigest(), size)
    finally:
        path.unlink(missing_ok=True)


def keep(folder: Path, stream: IO[bytes], check: Callable[[Path], object]) -> str:
    """Store a stream in the folder; gives its SHA-256. Whatever `check(path)` raises keeps it out."""
    with drafted(folder, stream) as draft:
        check(draft.path)
        draft.keep()
    return draft.sha256


def path_of(folder: Path, name: str) -> Path:
    """Where the file of this hash is, if it is kept."""
    return folder / name[:2] / name[2:4] / name


def hash_of(path: Path) -> str:
    """The SHA-256 of what the file holds now. Raises OSError when it cannot be read."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def kept_in(folder: Path) -> Iterator[Path]:
    """Every file that has its name."""
    return (path for path in folder.glob("??/??/*") if path.is_file())


def drafts_in(folder: Path) -> Iterator[Path]:
    """Every draft: those of uploads that run now, and those of uploads that were killed."""
    return folder.glob(f"{DRAFT}*")
