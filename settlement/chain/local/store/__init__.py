"""What is on disk: LMDB, its lock, the index of logs."""
