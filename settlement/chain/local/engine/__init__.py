"""py-evm, and the one small port behind which it lies."""
