"""No room on the disk or in the address space, a disk that fails: the sender is told, the head stays, the node goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from settlement.chain.local.server import LocalNode
from settlement.chain.local.store.storage import FIRST_MAP_BYTES
from tests.chain.local.client import ProcessNode, Rpc, RpcError
from tests.chain.local.folder import faults_of

resource = pytest.importorskip("resource", reason="limits on a process are POSIX")
pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux sets another process's limits"
)
SOMEBODY = "0x" + "42" * 20


def _limit(node: ProcessNode, kind: int, most: int | None = None) -> int:
    """Set the soft limit, none without ``most``; answers the hard one."""
    hard: int = resource.prlimit(node.process.pid, kind)[1]
    resource.prlimit(node.process.pid, kind, (hard if most is None else most, hard))
    return hard


def _send_until_refused(rpc: Rpc, sent: list[str]) -> RpcError:
    def fill() -> None:
        while len(sent) < 3_000:
            sent.append(rpc.send(0))

    with pytest.raises(RpcError, match="could not be written") as caught:
        fill()
    return caught.value


def _assert_chain(rpc: Rpc, sent: list[str]) -> None:
    assert [int(rpc.receipt(tx_hash)["blockNumber"], 16) for tx_hash in sent] == list(range(1, len(sent) + 1))


@pytest.mark.parametrize("room", [0, 50_000])
def test_node__file_size_limit_reached__an_error_to_the_sender_and_the_head_stays(
    tmp_path: Path, room: int
) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        sent = [rpc.send(0)]
        _limit(node, resource.RLIMIT_FSIZE, (tmp_path / "data.mdb").stat().st_size + room)
        assert _send_until_refused(rpc, sent).code == -32_603
        assert rpc.number("eth_blockNumber") == len(sent)
        assert rpc.nonce(0) == len(sent)
        assert rpc("eth_getBlockByNumber", "pending", False)["transactions"] == []
        with pytest.raises(RpcError, match="could not be written"):
            rpc("anvil_setCode", SOMEBODY, "0x" + "fe" * 200_000)
        assert rpc("eth_getCode", SOMEBODY, "latest") == "0x"
        _limit(node, resource.RLIMIT_FSIZE)
        sent.append(rpc.send(0))
        node.kill()
    assert faults_of(tmp_path) == []
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        _assert_chain(rpc, sent)


def test_node__no_address_space_for_a_larger_map__refused_until_there_is(tmp_path: Path) -> None:
    """LMDB gives its map back before it asks for a larger one: the node takes the old one again."""
    code = "0x" + "fe" * 900_000
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        sent = [rpc.send(0)]
        used = Path(f"/proc/{node.process.pid}/statm").read_text().split()[0]
        _limit(node, resource.RLIMIT_AS, int(used) * resource.getpagesize() + 40 * 2**20)
        stored = 0

        def fill() -> None:
            nonlocal stored
            while stored < 2 * FIRST_MAP_BYTES // 900_000:
                rpc("anvil_setCode", SOMEBODY, f"{code}{stored:04x}")
                stored += 1

        with pytest.raises(RpcError, match=r"could not be written.*allocate memory"):
            fill()
        assert stored > FIRST_MAP_BYTES // 900_000 // 2
        assert rpc("eth_getCode", SOMEBODY, "latest") == f"{code}{stored - 1:04x}"
        sent.append(rpc.send(0))
        _limit(node, resource.RLIMIT_AS)
        for _ in range(3):
            fill()
            stored -= 1
        sent.append(rpc.send(0))
        _assert_chain(rpc, sent)
        node.kill()
    assert (tmp_path / "data.mdb").stat().st_size > FIRST_MAP_BYTES
    assert faults_of(tmp_path) == []


# A disk that fails


@pytest.fixture(scope="module")
def failing_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that stands before the system's own writes, as ``failing_disk.c`` says."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a failing disk with")
    library = tmp_path_factory.mktemp("failing") / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.mark.parametrize("fault", ["pages", "sync", "meta"])
def test_node__disk_fails_within_a_commit__the_head_stays_and_it_goes_on(
    tmp_path: Path, failing_disk: Path, fault: str
) -> None:
    """After a failed write of its own head LMDB lets nobody read or write: the node opens it again."""
    folder, faults = tmp_path / "chain", tmp_path / "faults"
    faults.mkdir()
    through = ("env", f"LD_PRELOAD={failing_disk}", f"FAULTS={faults}")
    with ProcessNode(folder, through=through) as node, Rpc(node.port) as rpc:
        sent = [rpc.send(0) for _ in range(3)]
        for _ in range(2):
            (faults / fault).touch()
            for refused in (lambda: rpc.send(0), lambda: rpc("evm_snapshot")):
                with pytest.raises(RpcError, match=r"could not be written.*Input/output error"):
                    refused()
                _assert_chain(rpc, sent)
            (faults / fault).unlink()
            sent.append(rpc.send(0))
            _assert_chain(rpc, sent)
        node.kill()
    assert faults_of(folder) == []
    with LocalNode(folder) as reopened, Rpc(reopened.port) as rpc:
        assert rpc.number("eth_blockNumber") == len(sent)
        _assert_chain(rpc, sent)


# A disk of its own, as large as a test wants it


def _small_disk(folder: Path, size: str, *first: str) -> tuple[str, ...]:
    """A command before the node's: a file system of this size on ``folder``, seen by the node alone; then ``first``."""
    steps = " && ".join([f'mount -t tmpfs -o size={size} none "$0"', *first, 'exec "$@"'])
    return ("unshare", "-Urm", "sh", "-c", steps, str(folder))


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder to put a small disk on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    tried = shutil.which("unshare") and subprocess.run(
        [*_small_disk(folder, "64k"), "true"], capture_output=True, check=False
    )
    if not tried or tried.returncode:
        pytest.skip("this system lets nobody make a small disk (unshare, mount)")
    return folder


def test_node__disk_full__an_error_to_the_sender_and_works_again_with_room(
    disk: Path, tmp_path: Path
) -> None:
    through = _small_disk(disk, "1m", 'head -c 600000 /dev/zero > "$0/ballast"')
    with ProcessNode(disk, through=through) as node, Rpc(node.port) as rpc:
        inside = Path(f"/proc/{node.process.pid}/root{disk}")
        sent = [rpc.send(0)]
        refusal = _send_until_refused(rpc, sent)
        assert (refusal.code, "No space left" in refusal.message) == (-32_603, True)
        assert rpc.number("eth_blockNumber") == len(sent)
        (inside / "ballast").unlink()
        sent += [rpc.send(0) for _ in range(10)]
        _assert_chain(rpc, sent)
        shutil.copytree(inside, tmp_path / "copy")
    assert faults_of(tmp_path / "copy") == []


@pytest.mark.parametrize("left", [0, 10])
def test_node__started_on_a_full_disk__says_so(disk: Path, left: int) -> None:
    """LMDB by itself would be ended by the system here: it maps a lock file that has no room."""
    through = _small_disk(disk, "256k", f'head -c {262_144 - left * 4_096} /dev/zero > "$0/ballast"')
    with ProcessNode(disk, through=through) as node:
        _, errors = node.process.communicate(timeout=20)
        assert node.process.returncode == 2
        assert "No space left" in errors or "is the disk full?" in errors
        assert "make room" in errors


def test_node__started_on_a_full_disk_with_its_chain__serves_it(disk: Path, tmp_path: Path) -> None:
    with LocalNode(tmp_path / "chain") as made, Rpc(made.port) as rpc:
        sent = [rpc.send(0)]
    through = _small_disk(
        disk, "1m", f'cp "{tmp_path / "chain"}"/* "$0"', '{ cat /dev/zero > "$0/ballast" 2>/dev/null; true; }'
    )
    with ProcessNode(disk, through=through) as node, Rpc(node.port) as rpc:
        _assert_chain(rpc, sent)
        with pytest.raises(RpcError, match="No space left"):
            rpc.send(0)
        _assert_chain(rpc, sent)
