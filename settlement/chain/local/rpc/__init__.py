"""JSON-RPC: what each method takes and answers."""
