"""The proof tools around the contracts: `scripts/prove coverage | mutation | slither`."""
