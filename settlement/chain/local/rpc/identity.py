"""What the node says of itself: chain id, client, accounts, and the questions of older days."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, quantity, read_bytes

PROTOCOL_VERSION = 68  # eth/68, the wire protocol that geth of the Prague fork speaks
MODULES = ("anvil", "debug", "eth", "evm", "hardhat", "net", "personal", "rpc", "txpool", "web3")


class Identity:
    """Answers that hold for the whole run of the node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        chain_id = self._chain.settings.chain_id
        client = f"hanse/{version('py-evm')}/py-evm"
        return {
            "web3_clientVersion": Method(lambda: client),
            "web3_sha3": Method(lambda text: prefixed(keccak(read_bytes(text, "data"))), 1, 1),
            "net_version": Method(lambda: str(chain_id)),
            "net_listening": Method(lambda: True),
            "net_peerCount": Method(lambda: "0x0"),
            "eth_chainId": Method(lambda: quantity(chain_id)),
            "eth_protocolVersion": Method(lambda: quantity(PROTOCOL_VERSION)),
            "eth_syncing": Method(lambda: False),
            "eth_mining": Method(self.is_mining),
            "eth_hashrate": Method(lambda: "0x0"),
            "eth_coinbase": Method(self.coinbase),
            "eth_accounts": Method(self.accounts),
            # EIP-1102: nobody needs to be asked for leave here.
            "eth_requestAccounts": Method(self.accounts),
            "rpc_modules": Method(lambda: dict.fromkeys(MODULES, "1.0")),
        }

    def accounts(self) -> list[str]:
        return [prefixed(address) for address in self._node.signers.addresses()]

    def is_mining(self) -> bool:
        """Whether blocks come by themselves."""
        mining = self._node.mining
        return mining.is_automatic or bool(mining.interval_s)

    def coinbase(self) -> Any:
        return prefixed(self._chain.next_header(self._chain.head).coinbase)
