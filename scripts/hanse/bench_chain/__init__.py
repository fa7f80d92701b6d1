"""``hanse bench chain``: the local chain beside eth-tester, py-evm itself and anvil, on the same signed transactions."""
