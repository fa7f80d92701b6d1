"""revm through pyrevm, for volume: about eight times as many calls a second as py-evm. It does not know gas."""

from __future__ import annotations

import re
from typing import Any

import pyrevm

from settlement.chain.abi import checksum
from tests.contracts.harness.port import (
    BLOCK_GAS,
    CHAIN_ID,
    GENESIS_AT,
    Evm,
    Execution,
    Log,
    Snapshot,
)

_REVERTED = re.compile(r"^Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}$")


class Revm(Evm):
    """One pyrevm state; nothing is ever committed, so that snapshots can go back."""

    engine = "revm"

    def __init__(self) -> None:
        super().__init__()
        self._evm = pyrevm.EVM(spec_id="PRAGUE", env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=CHAIN_ID)))
        self._put_time(GENESIS_AT)

    def storage(self, address: str, slot: int) -> int:
        return int(self._evm.storage(address, slot))

    def code(self, address: str) -> bytes:
        return bytes(self._evm.get_code(address) or b"")

    def _put_time(self, at: int) -> None:
        self._evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=at, gas_limit=BLOCK_GAS))

    def _take(self) -> Any:
        return self._evm.snapshot()

    def _give_back(self, taken: Snapshot) -> None:
        self._evm.revert(taken.state)
        # A checkpoint is spent by going back to it; going back to a spent one breaks the journal.
        taken.state = self._evm.snapshot()

    def _create(self, sender: str, code: bytes) -> tuple[str, Execution]:
        self._evm.reset_transient_storage()
        try:
            address = self._evm.deploy(sender, code, gas=self.gas_limit)
        except RuntimeError as refused:
            return "", self._failed(refused)
        return address, Execution(True, b"", self._logs(), None)

    def _message(self, sender: str, to: str, payload: bytes, *, is_static: bool) -> Execution:
        self._evm.reset_transient_storage()
        try:
            output = self._evm.message_call(sender, to, payload, gas=self.gas_limit, is_static=is_static)
        except RuntimeError as refused:
            return self._failed(refused)
        return Execution(True, bytes(output), self._logs(), None)

    def _failed(self, refused: RuntimeError) -> Execution:
        # pyrevm hands the revert's bytes out in the exception's text only.
        found = _REVERTED.match(str(refused))
        output = bytes.fromhex(found[1]) if found else b""
        return Execution(False, output, (), None, "Revert" if found else str(refused))

    def _logs(self) -> tuple[Log, ...]:
        result = self._evm.result
        assert result is not None, "logs were asked for before anything ran"
        return tuple(
            Log(checksum(log.address), tuple(bytes(topic) for topic in log.data[0]), bytes(log.data[1]))
            for log in result.logs
        )
