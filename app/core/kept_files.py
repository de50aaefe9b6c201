"""Files that people hand in, kept under their own hash: the same file is kept once, and is never changed."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def keep(folder: Path, stream: BinaryIO, check: Callable[[Path], object]) -> str:
    """Store a stream in the folder; gives its SHA-256. Whatever `check(path)` raises keeps it out."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"draft-{secrets.token_hex(8)}"
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while block := stream.read(1 << 20):
                digest.update(block)
                target.write(block)
        check(draft)
        name = digest.hexdigest()
        path = path_of(folder, name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(path)
        return name
    finally:
        draft.unlink(missing_ok=True)


def path_of(folder: Path, name: str) -> Path:
    """Where the file of this hash is, if it is kept."""
    return folder / name[:2] / name
