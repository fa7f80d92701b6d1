"""Cash of test networks: list a currency with a token of its own, and mint it."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.chain.gateways.cash_token import CashTokenGateway, deploy_test_cash
from settlement.errors import Conflict, NotFound, NotPermitted
from settlement.money import currency, minor_from_text
from settlement.store.handles import Session
from settlement.store.repositories import cash, members
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction, want
from settlement.wire.cash import CurrencyWish, MintWish
from settlement.wire.transaction import Submitted


def list_currency(
    session: Session, context: Context, caller: Caller, wish: CurrencyWish, received_at: int
) -> Submitted:
    """Want a test token and its listing; the transaction counts as mined when the currency is listed.

    Raises: NotPermitted on real networks and for all but the operator; InputRefused for a code that is none;
            Conflict when it is listed.
    """
    _require_test_operator(context, caller)
    unit = currency(wish.currency)
    if cash.find_currency(session, unit.number) is not None:
        raise Conflict(f"{unit.code} is listed already; GET /v1/network", code="currency_listed")
    intent = want(session, deploy_test_cash(unit), caller.client_id, received_at)
    return Submitted(transaction=view_transaction(session, intent))


@dataclass(frozen=True)
class Token:
    """A currency's token on chain. Units: ``scale`` token units are one minor unit."""

    address: str
    scale: int


def token_of(context: Context, code: str) -> Token:
    """The token of a currency.

    Raises: InputRefused for a code that is none; NotFound when it is not listed; ChainError.
    """
    listed = context.chain.ledger.token(currency(code).number)
    return Token(listed.token, listed.scale)


def mint_cash(
    session: Session,
    context: Context,
    caller: Caller,
    wish: MintWish,
    token: Token,
    *,
    received_at: int,
    occasion: str,
) -> Submitted:
    """Want test cash on a member's account address; ``occasion`` tells two equal mints apart.

    Raises: NotPermitted on real networks and for all but the operator; NotFound for an unknown member.
    """
    _require_test_operator(context, caller)
    member = members.find_member(session, wish.member)
    if member is None:
        raise NotFound(f"there is no member {wish.member}; GET /v1/members")
    units = minor_from_text(wish.amount.value) * token.scale
    wanted = CashTokenGateway(context.client, token.address).mint(member.account, units, occasion)
    intent = want(session, wanted, caller.client_id, received_at)
    return Submitted(transaction=view_transaction(session, intent))


def _require_test_operator(context: Context, caller: Caller) -> None:
    if not context.settings.is_test_network:
        raise NotPermitted("cash is made out of nothing on test networks only", code="not_a_test_network")
    if not caller.is_operator:
        raise NotPermitted("only the operator makes test cash")
