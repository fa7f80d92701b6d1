"""The methods that send transactions, or make them ready to be sent."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.formats.signing import without_signature
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import transaction_answer
from settlement.chain.local.rpc.block_names import NamedBlocks
from settlement.chain.local.rpc.calls import estimate_gas
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.drafts import Draft
from settlement.chain.local.rpc.hexes import prefixed, read_bytes
from settlement.chain.local.rpc.verbs import then


class Sender:
    """Hands transactions to the node; the answer comes when they are on disk."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        return {
            "eth_sendRawTransaction": Method(self.send_raw, 1, 1),
            "eth_sendTransaction": Method(self.send, 1, 1, is_slow=True),
            "eth_sendUnsignedTransaction": Method(self.send_unsigned, 1, 1, is_slow=True),
            "eth_signTransaction": Method(self.sign, 1, 1, is_slow=True),
            "eth_fillTransaction": Method(self.fill, 1, 1, is_slow=True),
        }

    def send_raw(self, raw: Any) -> Future[str]:
        return then(self._node.submit(read_bytes(raw, "transaction")), prefixed)

    def send(self, request: Any) -> Future[str]:
        """Of an account whose key the node has, or of one who is impersonated."""
        draft = self._read(request)
        if not self._node.signers.can_send(draft.call.sender):
            raise RpcFault("unknown account")
        return self._send(draft)

    def send_unsigned(self, request: Any) -> Future[str]:
        """Of anybody, as if he were impersonated for this one."""
        return self._send(self._read(request))

    def sign(self, request: Any) -> str:
        """The raw transaction, which is not sent."""
        draft = self._read(request)
        if self._node.signers.key(draft.call.sender) is None:
            # Impersonation gives no key, and its mark is worth nothing in a raw transaction.
            raise RpcFault("unknown account")
        return prefixed(self._node.signers.finish(self._with_nonce(draft)).raw)

    def fill(self, request: Any) -> dict[str, Any]:
        """The transaction with all that was left open; neither signed nor sent."""
        tx = self._with_nonce(self._read(request))
        raw = without_signature(tx)
        return {"raw": prefixed(raw), "tx": transaction_answer(replace(tx, raw=raw, hash=keccak(raw)))}

    def _read(self, request: Any) -> Draft:
        own = self._node.signers.addresses()
        return Draft.read(request, self._chain.settings.chain_id, own[0] if own else bytes(20))

    def _filled(self, draft: Draft) -> Transaction:
        """Gas and fees are found here, apart from the writer thread: only the nonce must be given there."""
        gas, following = draft.call.gas, self._chain.next_header(self._chain.head)
        if gas is None:
            gas = estimate_gas(self._chain, self._blocks.view("pending"), draft.call)
        return draft.filled(gas, following, self._chain.settings.chain_id)

    def _with_nonce(self, draft: Draft) -> Transaction:
        tx = self._filled(draft)
        if draft.nonce is not None:
            return tx
        mined = self._chain.workspace(self._chain.head, self._chain.head.header).nonce(tx.sender)
        return replace(tx, nonce=self._node.pool.next_nonce(tx.sender, mined))

    def _send(self, draft: Draft) -> Future[str]:
        tx, signers = self._filled(draft), self._node.signers
        # Derives the keys once, here and not on the writer thread.
        signers.key(tx.sender)

        def make(next_nonce: int) -> Transaction:
            return signers.finish(tx if draft.nonce is not None else replace(tx, nonce=next_nonce))

        return then(self._node.submit_made(tx.sender, make), prefixed)
