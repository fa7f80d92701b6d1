"""Move business time forward, on test networks."""

from __future__ import annotations

from settlement.errors import ChainError, NotPermitted
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.wire.network import Clock, ClockWish


def aim_clock(context: Context, caller: Caller, wish: ClockWish, now: Clock) -> Clock:
    """The clock as it is to be: the answer that is kept before the chain is told, so that a repetition aims no further.

    Raises: NotPermitted on real networks and for all but the operator.
    """
    if not context.settings.is_test_network:
        raise NotPermitted("business time moves by itself on this network", code="not_a_test_network")
    if not caller.is_operator:
        raise NotPermitted("only the operator moves the clock")
    return now.model_copy(update={"business_time": now.business_time + wish.seconds})


def move_clock(context: Context, target_at: int) -> None:
    """Mine a block at that business time unless it has come; what falls due by then happens by the keeper.

    Raises: ChainError.
    """
    if context.business_now() >= target_at:
        return
    try:
        context.client.ask("evm_mine", target_at)
    except ChainError:
        # Somebody else may have moved it meanwhile, or the answer was lost.
        if context.business_now() < target_at:
            raise
