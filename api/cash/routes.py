"""Cash: accounts, deposits, withdrawals, and test cash."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import opened, submitted
from api.dependencies import CallerHere, PageHere, SessionHere, WriteHere
from settlement.use_cases.make_test_cash import mint_cash, token_of
from settlement.use_cases.move_cash import permit_facts, start_deposit, start_withdrawal
from settlement.use_cases.read_cash import list_accounts
from settlement.wire.act import Act
from settlement.wire.cash import CashAccount, DepositWish, MintWish, WithdrawalWish
from settlement.wire.page import Page
from settlement.wire.transaction import Submitted

router = APIRouter(prefix="/v1/cash", tags=["cash"])


@router.get("/accounts")
def get_accounts(session: SessionHere, caller: CallerHere, page: PageHere) -> Page[CashAccount]:
    """The caller's free cash, holds and pools."""
    return list_accounts(session, caller, page.limit, page.cursor)


@router.post("/mint", status_code=202, response_model=Submitted)
def post_mint(wish: MintWish, write: WriteHere) -> Response:
    """Test networks: make test cash on a member's account address."""
    token = token_of(write.context, wish.amount.currency)
    return submitted(
        write,
        lambda session: mint_cash(
            session,
            write.context,
            write.caller,
            wish,
            token,
            received_at=write.received_at,
            occasion=f"{write.caller.client_id}:{write.request.key}",
        ),
    )


@router.post("/deposits", status_code=201, response_model=Act)
def post_deposit(wish: DepositWish, write: WriteHere) -> Response:
    """Open a deposit: a permit that the member's account signs."""
    facts = permit_facts(write.context, write.caller, wish.amount.currency)
    return opened(
        write,
        lambda session: start_deposit(session, write.context, write.caller, wish, facts, write.received_at),
    )


@router.post("/withdrawals", status_code=201, response_model=Act)
def post_withdrawal(wish: WithdrawalWish, write: WriteHere) -> Response:
    """Open a withdrawal to the member's account address."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: start_withdrawal(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
    )
