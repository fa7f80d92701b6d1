"""One frame of execution under Prague rules: py-evm's, with what it gets wrong put right."""

from __future__ import annotations

from eth.exceptions import InvalidInstruction, OutOfGas, VMError
from eth.vm.forks.prague.computation import PragueComputation
from eth_typing import Address

from settlement.chain.local.engine.kzg import evaluate_point
from settlement.chain.local.formats.opcodes import opcode_name

# SELFDESTRUCT, as the rules of the fork have it, without py-evm's warning that it may change one day.
_OPCODES = {
    code: getattr(opcode, "__wrapped__", opcode) for code, opcode in PragueComputation.opcodes.items()
}

_PRECOMPILES = {**PragueComputation.get_precompiles(), Address(bytes(19) + b"\x0a"): evaluate_point}


class Computation(PragueComputation):
    """A frame."""

    opcodes = _OPCODES
    _precompiles = _PRECOMPILES

    @property
    def is_origin_computation(self) -> bool:
        """Whether this is the transaction's own frame.

        Not by its sender, as py-evm asks: an account that delegates its code (EIP-7702) sends from within its own
        transaction, and py-evm would then charge init code twice and forget what was created before.
        """
        return self.msg.depth == 0


# What other nodes call these errors; testers look for the words.
_GETH_WORDS = {
    "OutOfGas": "out of gas",
    "Revert": "execution reverted",
    "InvalidJumpDestination": "invalid jump destination",
    "StackDepthLimit": "max call depth exceeded",
    "WriteProtection": "write protection",
    "OutOfBoundsRead": "return data out of bounds",
    "InsufficientFunds": "insufficient balance for transfer",
    "ContractCreationCollision": "contract address collision",
    "ReservedBytesInCode": "invalid code: must not begin with 0xef",
    "InsufficientStack": "stack underflow",
    "FullStack": "stack limit reached 1024 (1023)",
}
# py-evm runs out of gas wherever a creation fails; by its text it tells why.
_CREATION_WORDS = {
    "EIP170 limit": "max code size exceeded",
    "EIP-3860 limit": "max initcode size exceeded",
    "Write contract code": "contract creation code storage out of gas",
}


def described(error: VMError) -> str:
    """The error in geth's words."""
    if isinstance(error, OutOfGas):
        for told, words in _CREATION_WORDS.items():
            if told in str(error):
                return words
    if isinstance(error, InvalidInstruction):
        if str(error).startswith("Jump"):
            # Into the data of a push; other nodes tell it from no other bad jump.
            return _GETH_WORDS["InvalidJumpDestination"]
        # Said as "Invalid opcode 0x0c @ 2".
        return f"invalid opcode: {opcode_name(int(str(error).split()[2], 16))}"
    name = type(error).__name__
    if type(error) is VMError:
        # A precompile's, which has no kind of its own.
        return str(error)
    return _GETH_WORDS.get(name, f"{name}: {error}" if str(error) else name)
