"""Pages of our own documents: where the parts of one begin, and several parts gathered into one.

Only for what `core.documents.typesetting` made: documents of strangers never come here. PDFium bears one
thread.
"""

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
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


def alone(part: Part) -> bytes:
    """The part as a document of its own, without the blank page that may fill its last sheet."""
    end = part.first + part.pages
    with _LOCK, closing(pypdfium2.PdfDocument(part.document)) as source:
        with closing(source[end - 1]) as last:
            blank = part.pages > 1 and next(last.get_objects(), None) is None
        made, target = pypdfium2.PdfDocument.new(), io.BytesIO()
        with closing(made):
            made.import_pages(source, list(range(part.first, end - blank)))
            made.save(target)
    return target.getvalue()


def gathered(parts: Sequence[Part], *, duplex: bool = True) -> tuple[bytes, list[int]]:
    """The parts in one document, and the page on which each begins.

    With `duplex` each begins on a sheet of its own: an odd number of pages is followed by a blank one.
    """
    begins, blanks, end = list[int](), list[int](), 0
    for part in parts:
        begins.append(end)
        end += part.pages
        if duplex and part.pages % 2:
            blanks.append(end)
            end += 1
    with _LOCK:
        made = pypdfium2.PdfDocument.new()
        try:
            # each call copies the fonts that its pages need: parts of one document go together
            for document, together in groupby(parts, key=lambda part: part.document):
                with closing(pypdfium2.PdfDocument(document)) as source:
                    pages = [n for part in together for n in range(part.first, part.first + part.pages)]
                    made.import_pages(source, pages)
            for page in blanks:
                made.new_page(*A4, index=page).close()
            target = io.BytesIO()
            made.save(target)
        finally:
            made.close()
    return target.getvalue(), begins
