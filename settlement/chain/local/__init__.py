"""The embedded chain: a single-process EVM node on py-evm that keeps its blocks in LMDB.

Everything else reaches it through JSON-RPC over HTTP, as it would any other node. From the outside in: ``wire`` (bytes),
``rpc`` (methods), ``node`` and ``orders`` (one writer), ``chain`` (blocks), ``engine`` (py-evm, known there alone),
``store`` (LMDB, known there alone); what passes between them is of the neutral types of ``formats``.
"""
