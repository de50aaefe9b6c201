"""Documents set in type: a typst template and data become a PDF, in a guarded child process.

The same template, data, fonts and version of typst give the same bytes, so that a document can be kept under
its hash and made again to be compared. Data travel as JSON and are shown as text; nothing of them is run.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from flask_babel import lazy_gettext as _l

from app.config import PROJECT, current_settings
from app.core.errors import DomainError

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("typesetting_child.py")
TEMPLATES = PROJECT / "templates"

#: Address space in bytes (four hundred letters take less than 400 MB of real memory), and seconds.
MEMORY = 3 << 30
SECONDS = 300

#: What each role of a font may be set in. 小标宋, 仿宋_GB2312 and 楷体_GB2312 are licensed: who has them puts
#: them into the folder JINNUO_FONTS; a free face stands in for each that is not there.
SERIF, SANS = "Noto Serif SC", "Noto Sans SC"
FACES: Mapping[str, tuple[str, ...]] = {
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "方正小标宋_GBK", SERIF),
    "fangsong": (
        "FangSong_GB2312",
        "仿宋_GB2312",
        "FangSong",
        "仿宋",
        "FandolFang R",
        "Zhuque Fangsong",
        SERIF,
    ),
    "kai": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体", "FandolKai", SERIF),
    "hei": ("SimHei", "黑体", "Source Han Sans SC", SANS),
    "song": ("SimSun", "宋体", "Source Han Serif SC", SERIF),
}


def folders() -> list[Path]:
    """Where fonts are looked for: the site's own folder before the free fonts that come with the product."""
    free = Path(pylopdf_fonts_zh_cn.serif_path()).parent
    own = current_settings().fonts
    return [own, free] if own is not None else [free]


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template (its path under `templates`) filled with the data.

    Raises DomainError when it cannot be made within the limits; the log says why.
    """
    order = {
        "template": str(TEMPLATES / template),
        "folders": [str(folder) for folder in folders()],
        "wanted": FACES,
        "data": data,
    }
    command = [sys.executable, "-I", str(CHILD), str(MEMORY), str(SECONDS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            command,
            input=json.dumps(order, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise _failed("out of time") from late
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise _failed(done.stderr.decode(errors="replace")[-2000:] or f"status {done.returncode}")
    return done.stdout


def pages(document: bytes) -> int:
    """How many pages a document of `typeset` has."""
    marker = b"<</Type/Pages/Count "
    start = document.index(marker) + len(marker)
    return int(document[start : document.index(b"/", start)])


def _failed(why: str) -> DomainError:
    log.error("typesetting failed: %s", why)
    return DomainError(_l("The document could not be typeset. The log of the server says why."))
