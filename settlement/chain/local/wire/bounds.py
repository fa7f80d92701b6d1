"""The bound that requests by HTTP and by WebSocket share."""

from __future__ import annotations

# geth's bound for the body of a request.
MOST_BODY_BYTES = 5 * 2**20
