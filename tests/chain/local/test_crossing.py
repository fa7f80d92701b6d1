"""Results that cross from other threads to the event loop: each to whoever waits for it, and none is lost."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from settlement.chain.local.faults import RpcFault
from settlement.chain.local.rpc.crossing import Crossing

SOON_S = 20


def _settled() -> Future[str]:
    """One that is there; to wait for it takes the loop a turn."""
    done: Future[str] = Future()
    done.set_result("here")
    return done


def test_crossing__settled_by_several_threads__each_result_to_its_waiter() -> None:
    futures: list[Future[int]] = [Future() for _ in range(2_000)]

    def settle(first: int) -> None:
        for number in range(first, len(futures), 4):
            futures[number].set_result(number)

    async def wait_for_all() -> list[int]:
        crossing = Crossing()
        waiting = [asyncio.ensure_future(crossing.result_of(future)) for future in futures]
        threads = [threading.Thread(target=settle, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        found = await asyncio.wait_for(asyncio.gather(*waiting), SOON_S)
        for thread in threads:
            thread.join()
        return found

    assert asyncio.run(wait_for_all()) == list(range(2_000))


def test_crossing__settled_before_anybody_waits__found_at_once() -> None:
    async def wait() -> Any:
        return await asyncio.wait_for(Crossing().result_of(_settled()), SOON_S)

    assert asyncio.run(wait()) == "here"


def test_crossing__a_fault_and_a_waiter_that_left__the_fault_is_raised_and_others_get_theirs() -> None:
    left, refused, kept = Future[int](), Future[int](), Future[int]()

    async def wait() -> int:
        crossing = Crossing()
        leaving = asyncio.ensure_future(crossing.result_of(left))
        await crossing.result_of(_settled())
        leaving.cancel()
        for future, fault in ((left, None), (refused, RpcFault("no")), (kept, None)):
            if fault is None:
                future.set_result(7)
            else:
                future.set_exception(fault)
        with pytest.raises(RpcFault, match="no"):
            await crossing.result_of(refused)
        assert leaving.cancelled()
        return int(await crossing.result_of(kept))

    assert asyncio.run(wait()) == 7


def test_crossing__loop_ended__whoever_settles_is_not_disturbed() -> None:
    late: Future[int] = Future()

    async def leave() -> None:
        crossing = Crossing()
        task = asyncio.ensure_future(crossing.result_of(late))
        await crossing.result_of(_settled())
        assert not task.done()

    asyncio.run(leave())
    late.set_result(1)
    assert late.result() == 1
