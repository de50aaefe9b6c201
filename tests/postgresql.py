"""A private PostgreSQL cluster on a Unix socket, for the length of a test session."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote


def _binary(name: str) -> str:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((home / name for home in homes if (home / name).exists()), None)
    return str(found or shutil.which(name))


@contextmanager
def a_server() -> Iterator[str | None]:
    """A server's URL without a database: TEST_DATABASE_URL, or a private cluster's; None without binaries."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given or not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        yield given
    else:
        yield from private_cluster()


def restart(url: str) -> None:
    """Kills a private cluster with all its sessions, and starts it again."""
    folder = Path(unquote(url.rpartition("host=")[2]))
    prefix = ["runuser", "-u", "postgres", "--"] if folder.owner() == "postgres" else []
    # the options of its first start are kept in its folder
    again = ("-D", str(folder / "data"), "-l", str(folder / "log"), "-m", "immediate", "-w", "restart")
    subprocess.run([*prefix, _binary("pg_ctl"), *again], check=True, cwd=folder, stdout=subprocess.DEVNULL)


def private_cluster() -> Iterator[str]:
    """Initialises and starts a server, gives its URL, and stops it; as the postgres user when root."""
    folder = Path(tempfile.mkdtemp(prefix="jinnuo-pg-"))
    as_root = getpass.getuser() == "root" and os.geteuid() == 0
    user = "postgres" if as_root else getpass.getuser()
    if as_root:
        shutil.chown(folder, "postgres")
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    run(_binary("initdb"), "-D", data, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    options = (
        f"-k {folder} -c listen_addresses='' -c fsync=off -c autovacuum=off -c synchronous_commit=off "
        "-c full_page_writes=off -c max_connections=60"
    )
    run(_binary("pg_ctl"), "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://{user}@/postgres?host={folder}"
    finally:
        run(_binary("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
