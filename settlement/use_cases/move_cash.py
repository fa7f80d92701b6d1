"""Bring cash in from a member's account address, and take free cash out to it."""

from __future__ import annotations

from dataclasses import dataclass

from settlement import typed_data
from settlement.chain.gateways.cash_token import CashTokenGateway
from settlement.ids import new_nonce
from settlement.money import currency
from settlement.store.handles import Session
from settlement.use_cases.acts import HOUR_S, Signatory, open_act, open_own_act
from settlement.use_cases.amounts import minor_in
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.make_test_cash import token_of
from settlement.wire.act import Act
from settlement.wire.cash import DepositWish, WithdrawalWish


@dataclass(frozen=True)
class PermitFacts:
    """What the chain says before a permit can be written. Units: ``scale`` token units are one minor unit."""

    token: str
    token_name: str
    scale: int
    account: str
    nonce: int
    now_at: int


def permit_facts(context: Context, caller: Caller, code: str) -> PermitFacts:
    """Ask for a currency's token and the account's next permit.

    Raises: NotPermitted for the operator; NotFound for an unlisted currency; ChainError.
    """
    listed = token_of(context, code)
    account = context.chain.network.account(caller.acting_member())
    token = CashTokenGateway(context.client, listed.address)
    return PermitFacts(
        listed.address,
        token.name(),
        listed.scale,
        account,
        token.permit_nonce(account),
        context.business_now(),
    )


def start_deposit(
    session: Session,
    context: Context,
    caller: Caller,
    wish: DepositWish,
    facts: PermitFacts,
    received_at: int,
) -> Act:
    """Open the act of a deposit: a permit of the member's own account for exactly this amount.

    Raises: InputRefused for an amount of nothing.
    """
    member = caller.acting_member()
    unit = currency(wish.amount.currency)
    amount_minor = minor_in(wish.amount, unit)
    deadline = facts.now_at + HOUR_S
    message = {
        "owner": facts.account,
        "spender": context.deployment.cash_ledger,
        "value": amount_minor * facts.scale,
        "nonce": facts.nonce,
        "deadline": deadline,
    }
    typed = typed_data.typed_message(
        "Permit", context.deployment.chain_id, facts.token, message, domain_name=facts.token_name
    )
    return open_act(
        session,
        caller,
        kind="deposit",
        subject=str(member),
        signatories=[Signatory("member", member, facts.account)],
        typed=typed,
        received_at=received_at,
        payload={
            "currency": unit.number,
            "member": member,
            "amount_minor": amount_minor,
            "deadline": deadline,
        },
    )


def start_withdrawal(
    session: Session, context: Context, caller: Caller, wish: WithdrawalWish, *, now_at: int, received_at: int
) -> Act:
    """Open the act of a withdrawal to the member's account address.

    Holds:  I-02, I-03: the member's own signature, and nothing else, takes its free cash out.
    Raises: InputRefused for an amount of nothing.
    """
    member = caller.acting_member()
    unit = currency(wish.amount.currency)
    message = {
        "member": member,
        "currency": unit.number,
        "amount": minor_in(wish.amount, unit),
        "nonce": new_nonce(),
        "deadline": now_at + HOUR_S,
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="withdrawal",
        subject=str(member),
        role="member",
        primary_type="Withdrawal",
        contract=context.deployment.cash_ledger,
        message=message,
        received_at=received_at,
    )
