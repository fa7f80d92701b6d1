"""Move business time forward, on test networks."""

from __future__ import annotations

from typing import Final

from settlement.errors import NotPermitted
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.read_network import read_clock
from settlement.wire.network import Clock, ClockWish

_TRIES: Final = 2


def advance_clock(context: Context, caller: Caller, wish: ClockWish) -> Clock:
    """Add to the chain's stored offset and mine a block at the new time; what falls due then happens by the keeper.

    Raises: NotPermitted on real networks and for all but the operator; ChainError.
    """
    if not context.settings.is_test_network:
        raise NotPermitted("business time moves by itself on this network", code="not_a_test_network")
    if not caller.is_operator:
        raise NotPermitted("only the operator moves the clock")
    target_at = context.business_now() + wish.seconds
    # Blocks mined faster than one a second had run ahead of the stored offset: what they took is added once more.
    for _ in range(_TRIES):
        ahead_s = target_at - context.business_now()
        if ahead_s > 0:
            context.client.ask("evm_increaseTime", ahead_s)
            context.client.ask("evm_mine")
    return read_clock(context)
