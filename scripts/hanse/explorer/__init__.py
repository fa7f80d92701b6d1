"""The text explorer: blocks, transactions and logs of any node, with names and values from the suite's ABIs."""
