"""Make ``.venv``, install the locked packages into it, and run what was asked for inside it.

Standard library only: this runs in whatever supported Python the launcher found. Progress goes to
stderr, so that stdout holds nothing but what the command itself prints.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "scripts" / "locks"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 14)

LOCKS_OF_COMMAND = {
    "up": ("runtime",),
    "demo": ("runtime",),
    "test": ("test",),
    "prove": ("test",),
    "install": (),
}
"""Which locks a command needs; ``install NAME...`` names them itself."""

_PROBE = "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_path('purelib'), sep='\\n')"
_NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+?)(?:==|\s|$)")


class CannotPrepare(Exception):
    """The environment cannot be made; the message says what is missing and what to do."""


def say(line: str) -> None:
    """Tell the person at the terminal what goes on, beside the command's own output."""
    print(f"hanse: {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Prepare the environment for ``up``, ``demo``, ``test``, ``prove`` or ``install`` and become that command."""
    if not arguments or arguments[0] not in LOCKS_OF_COMMAND:
        say(f"usage: bootstrap.py {'|'.join(LOCKS_OF_COMMAND)} [ARGUMENTS]")
        return 2
    command, rest = arguments[0], list(arguments[1:])
    try:
        with _alone():
            _prepare(LOCKS_OF_COMMAND[command] or tuple(rest))
    except CannotPrepare as missing:
        say(str(missing))
        return 1
    if command == "install":
        return 0
    if command == "prove":
        return _become(["-m", "proofs", *rest])
    if command != "test":
        return _become(["-m", "hanse", command, *rest])
    os.chdir(ROOT)
    return _become(_pytest_words(rest))


def _become(words: list[str]) -> NoReturn:
    """Replace this program, so that signals and the exit code are the command's own."""
    sys.stderr.flush()
    os.execv(PYTHON, [str(PYTHON), *words])


def _pytest_words(rest: list[str]) -> list[str]:
    """Two workers for the whole suite; whoever names a test gets it in one, with pytest's usual output."""
    chosen = [word for word in rest if word != "--deep"]
    # The default marker expression leaves the deep tests out; a later empty one takes it back.
    depth = ["-m", ""] if "--deep" in rest else []
    spread = [] if chosen else ["-n", "2", "--dist", "loadfile"]
    return ["-m", "pytest", "-q", *spread, *depth, *chosen]


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that keeps two launchers from building one environment at once."""
    with (ROOT / ".venv.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another launcher is preparing .venv; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _prepare(locks: Sequence[str]) -> None:
    site_packages = _probe_environment()
    if site_packages is None:
        _make_environment()
        site_packages = _probe_environment()
        if site_packages is None:
            raise CannotPrepare(f"{VENV} was made, but its Python does not run; remove it and try again")
    for name in locks:
        _install(name)
    _write_path_file(site_packages)


def _probe_environment() -> Path | None:
    """Return the environment's site-packages, or None where it is absent, broken or of another Python."""
    if not PYTHON.exists():
        return None
    try:
        answer = subprocess.run(
            [str(PYTHON), "-c", _PROBE], capture_output=True, text=True, check=True, cwd=ROOT
        )
    except (OSError, subprocess.CalledProcessError) as broken:
        say(f".venv does not run ({broken.__class__.__name__}); making it again")
        return None
    major, minor, site_packages = answer.stdout.splitlines()
    if not OLDEST <= (int(major), int(minor)) <= NEWEST:
        say(f".venv is of Python {major}.{minor}, which is not supported; making it again")
        return None
    return Path(site_packages)


def _make_environment() -> None:
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    version = platform.python_version()
    say(f"making .venv with Python {version}")
    uv = shutil.which("uv")
    if uv and _succeeds([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)]):
        return
    try:
        import ensurepip  # noqa: F401 - only asked whether it is there: Debian ships it apart
        import venv
    except ImportError as absent:
        minor = ".".join(version.split(".")[:2])
        raise CannotPrepare(
            f"Python {version} has no module {absent.name!r}, so it cannot make a virtual environment; "
            f"on Debian and Ubuntu: apt-get install python{minor}-venv (or python3-venv); elsewhere install uv, "
            "or name another Python: HANSE_PYTHON=/path/to/python3"
        ) from absent
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True, clear=True).create(VENV)
    except (OSError, subprocess.CalledProcessError) as failed:
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotPrepare(f"Python {version} could not make {VENV}: {failed}") from failed


def _install(name: str) -> None:
    """Install one lock unless the stamp in the environment says that these very bytes are installed."""
    lock = LOCKS / f"{name}.txt"
    if not lock.is_file():
        known = ", ".join(sorted(path.stem for path in LOCKS.glob("*.txt")))
        raise CannotPrepare(f"there is no lock {name!r} in {LOCKS}; there are: {known}")
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = VENV / "installed-locks.json"
    installed = json.loads(stamp.read_text()) if stamp.is_file() else {}
    if installed.get(name) == wanted:
        return
    say(f"installing scripts/locks/{name}.txt (once; takes a minute)")
    uv = shutil.which("uv")
    if not (uv and _install_with_uv(uv, lock)):
        _install_with_pip(lock)
    # The test lock holds every package of the runtime lock, in the same versions.
    held = {name: wanted}
    if name == "test":
        held["runtime"] = hashlib.sha256((LOCKS / "runtime.txt").read_bytes()).hexdigest()
    written = stamp.with_suffix(".new")
    written.write_text(json.dumps({**installed, **held}, sort_keys=True))
    written.replace(stamp)


def _install_with_uv(uv: str, lock: Path) -> bool:
    words = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", *_wheels_only()]
    if _succeeds([*words, "-r", str(lock)]):
        return True
    # uv does not read pip's configuration; where that names a mirror or a certificate, pip still gets through.
    say("uv could not install it; trying pip")
    return False


def _install_with_pip(lock: Path) -> None:
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    asks_for_pip = "import sys; from importlib.util import find_spec; sys.exit(find_spec('pip') is None)"
    has_pip = _succeeds([str(PYTHON), "-c", asks_for_pip])
    if not has_pip and not _succeeds([str(PYTHON), "-m", "ensurepip", "--upgrade"]):
        raise CannotPrepare(
            f"{VENV} has no pip and cannot get one; remove it, and install uv or python3-venv"
        )
    words = [*pip, "install", "--quiet", "--require-hashes", *_wheels_only(), "-r", str(lock)]
    done = subprocess.run(words, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if done.returncode == 0:
        return
    sys.stderr.write(done.stderr)
    absent = _NO_WHEEL.search(done.stderr)
    if absent is None:
        raise CannotPrepare("the packages could not be installed; pip's own words stand above")
    raise CannotPrepare(
        f"there is no ready-built wheel of {absent[1]} for Python {platform.python_version()} on "
        f"{platform.system()} {platform.machine()} (or the package index cannot be reached); use another "
        "Python (HANSE_PYTHON=/path/to/python3.12 after removing .venv), or let it be compiled: HANSE_ALLOW_BUILD=1"
    )


def _wheels_only() -> list[str]:
    """Refuse to compile by surprise: without a compiler and headers that fails late and in many words."""
    return [] if os.environ.get("HANSE_ALLOW_BUILD") == "1" else ["--only-binary", ":all:"]


def _succeeds(words: list[str]) -> bool:
    return subprocess.run(words, stdout=sys.stderr, check=False, cwd=ROOT).returncode == 0


def _write_path_file(site_packages: Path) -> None:
    """Put the checkout and ``scripts`` (where the package ``hanse`` lies) on the environment's path."""
    path_file = site_packages / "hanse-checkout.pth"
    lines = f"{ROOT}\n{ROOT / 'scripts'}\n"
    if not path_file.is_file() or path_file.read_text() != lines:
        path_file.write_text(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
