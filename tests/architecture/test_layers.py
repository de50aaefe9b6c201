"""Which way the house's imports may point."""

import configparser
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: The file names of a feature folder; a folder with one of them is a feature.
FILES = frozenset(
    "models policy workflow queries services forms lists views jobs cli feature".split()  # noqa: SIM905
)
#: Packages whose modules are named freely: the core with its rooms, and one file for each gateway.
FREE = ("app.core", "campaigns.gateways")


def features() -> set[str]:
    """Every package under app and campaigns that is shaped like a feature."""
    found = set()
    for top in ("app", "campaigns"):
        for init in (ROOT / top).rglob("__init__.py"):
            name = ".".join(init.parent.relative_to(ROOT).parts)
            named = {path.stem for path in init.parent.glob("*.py")}
            if not name.startswith(FREE) and name != top and FILES & named:
                found.add(name)
    return found


def contract() -> configparser.SectionProxy:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser["importlinter:contract:inside"]


def test_the_layers_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_every_feature_keeps_the_layers_inside() -> None:
    listed = set(contract()["containers"].split())
    assert not features() - listed, "add these to [importlinter:contract:inside] in .importlinter"


def test_no_module_has_a_name_that_says_nothing() -> None:
    modules = [path for top in ("app", "campaigns") for path in (ROOT / top).rglob("*.py")]
    named = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert not [str(path) for path in modules if path.stem in named]
