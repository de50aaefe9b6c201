"""Pages of our own documents: where the parts of one begin, and several parts gathered into one.

Only for what `core.typesetting` made: documents of strangers never come here. PDFium bears one thread.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pypdfium2

_LOCK = Lock()
#: points
A4 = (595.276, 841.89)


@dataclass(frozen=True)
class Part:
    """Pages of a document, from `first` (0 is the first of all)."""

    document: Path
    first: int
    pages: int


def starts(document: bytes) -> tuple[list[int], int]:
    """The page of each bookmark, in order, and how many pages there are."""
    with _LOCK:
        opened = pypdfium2.PdfDocument(document)
        try:
            targets = [bookmark.get_dest() for bookmark in opened.get_toc()]
            return [target.get_index() for target in targets if target is not None], len(opened)
        finally:
            opened.close()


def gathered(parts: Sequence[Part], *, duplex: bool = True) -> tuple[bytes, list[int]]:
    """The parts in one document, and the page on which each begins.

    With `duplex` each begins on a sheet of its own: an odd number of pages is followed by a blank one.
    """
    begins: list[int] = []
    with _LOCK:
        made = pypdfium2.PdfDocument.new()
        opened: dict[Path, pypdfium2.PdfDocument] = {}
        try:
            for part in parts:
                source = opened.get(part.document) or pypdfium2.PdfDocument(part.document)
                opened[part.document] = source
                begins.append(len(made))
                made.import_pages(source, list(range(part.first, part.first + part.pages)))
                if duplex and part.pages % 2:
                    made.new_page(*A4).close()
            target = io.BytesIO()
            made.save(target)
        finally:
            for one in (*opened.values(), made):
                one.close()
    return target.getvalue(), begins
