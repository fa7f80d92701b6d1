"""The embedded chain: a single-process EVM node on py-evm that keeps its blocks in LMDB.

Everything else reaches it through JSON-RPC over HTTP, as it would any other node. py-evm is known to ``engine`` alone,
LMDB to ``storage`` alone; what lies between speaks the neutral types of ``blocks``, ``transactions`` and ``port``.
"""
