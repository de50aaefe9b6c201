"""The guarded child that typesets one document: a script of its own, never imported by the application.

Typesetting hundreds of letters takes memory that a worker would keep, so it happens in a fresh process under
an address-space and a CPU limit (`app.core.documents.typesetting` starts it), and all of it is given back at
the end.

Protocol: on stdin JSON with `template`, `folders`, `data` and `wanted` (for each role of a font the families
that would do, the best first); on stdout the PDF. Whatever goes wrong is told on stderr with status 1.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import typst


def restrain(memory: int, seconds: int) -> None:
    """Limit address space (bytes) and CPU time; where a system refuses one limit the other still holds."""
    wanted = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    for limit, value in wanted.items():
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue


def chosen(wanted: dict[str, list[str]], folders: list[str]) -> dict[str, list[str]]:
    """For each role the families that are there, in the order of preference."""
    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders)
    ).families()
    # a font may have come from one family or from another: whoever prints must get the same document
    there = set(found)
    return {
        role: [name for name in names if name in there] or sorted(there) for role, names in wanted.items()
    }


def main() -> None:
    """Reads the order, writes the document."""
    restrain(int(sys.argv[1]), int(sys.argv[2]))
    order: dict[str, Any] = json.load(sys.stdin.buffer)
    template, folders = Path(order["template"]), order["folders"]
    data = order["data"] | {"fonts": chosen(order["wanted"], folders)}
    compiler = typst.Compiler(root=str(template.parent), font_paths=folders, ignore_system_fonts=True)
    made = compiler.compile(
        str(template),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        # no moment and no tags: the same data give the same bytes
        timestamp=0,
        pdf_tags=False,
    )
    if not isinstance(made, bytes):
        raise TypeError("typst made no document")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
