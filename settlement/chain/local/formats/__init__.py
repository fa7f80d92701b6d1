"""Blocks, transactions, receipts and tries as Ethereum writes them: no engine, no store."""
