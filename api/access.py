"""Who may use which route: the whole table, in one place. A route that is not listed serves nobody (T01).

A listed role opens the route; what of its content the caller sees is decided by what its member is party to.
"""

from __future__ import annotations

from typing import Final

PUBLIC: Final = frozenset({"public"})
ANY: Final = frozenset(
    {
        "operator",
        "buyer",
        "supplier",
        "funder",
        "customs",
        "insurer",
        "observer",
        "carrier",
        "arbiter",
        "auditor",
    }
)
OPERATOR: Final = frozenset({"operator"})
TRADERS: Final = frozenset({"buyer", "supplier"})
PAYERS: Final = frozenset({"buyer", "supplier", "funder", "insurer", "customs"})

ACCESS: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("GET", "/livez"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/v1/network"): ANY,
    ("GET", "/v1/clock"): ANY,
    ("POST", "/v1/clock/advance"): OPERATOR,
    ("POST", "/v1/clients"): OPERATOR,
    ("GET", "/v1/members"): ANY,
    ("GET", "/v1/members/{member_id}"): ANY,
    ("POST", "/v1/members"): OPERATOR,
    ("POST", "/v1/network/currencies"): OPERATOR,
    ("POST", "/v1/network/committees"): OPERATOR,
    ("POST", "/v1/network/observers"): OPERATOR,
    ("POST", "/v1/cash/mint"): OPERATOR,
    ("GET", "/v1/cash/accounts"): ANY,
    ("POST", "/v1/cash/deposits"): PAYERS,
    ("POST", "/v1/cash/withdrawals"): PAYERS,
    ("GET", "/v1/orders"): ANY,
    ("GET", "/v1/orders/{order_id}"): ANY,
    ("POST", "/v1/orders"): TRADERS,
    ("GET", "/v1/orders/{order_id}/offers"): frozenset({"supplier", "operator", "auditor"}),
    ("GET", "/v1/orders/{order_id}/basis"): frozenset({"customs", "operator", "auditor"}),
    ("GET", "/v1/orders/{order_id}/proofs/{field:path}"): frozenset({"buyer", "supplier", "operator"}),
    ("POST", "/v1/orders/{order_id}/acceptances"): frozenset({"supplier"}),
    ("GET", "/v1/acts/{act_id}"): ANY,
    ("POST", "/v1/acts/{act_id}/signatures"): TRADERS | PAYERS,
    ("GET", "/v1/receivables"): ANY,
    ("GET", "/v1/receivables/{order_id}"): ANY,
    ("GET", "/v1/lines"): frozenset({"funder", "supplier", "operator", "auditor"}),
    ("GET", "/v1/lines/{line_id}"): frozenset({"funder", "supplier", "operator", "auditor"}),
    ("POST", "/v1/lines"): frozenset({"funder"}),
    ("GET", "/v1/loans"): frozenset({"supplier", "funder", "operator", "auditor"}),
    ("GET", "/v1/loans/{order_id}"): frozenset({"supplier", "funder", "operator", "auditor"}),
    ("POST", "/v1/loans/{order_id}/draws"): frozenset({"supplier"}),
    ("POST", "/v1/loans/{order_id}/repayments"): frozenset({"buyer", "supplier", "funder"}),
    ("GET", "/v1/clearance/attestations"): ANY,
    ("POST", "/v1/clearance/attestations"): frozenset({"customs"}),
    ("GET", "/v1/settlements"): ANY,
    ("GET", "/v1/transactions/{transaction_id}"): ANY,
    ("GET", "/v1/cover/pools"): frozenset({"insurer", "operator", "auditor"}),
    ("POST", "/v1/cover/pools"): frozenset({"insurer"}),
    ("GET", "/v1/cover/policies"): ANY,
    ("GET", "/v1/cover/policies/{policy_id}"): ANY,
    ("POST", "/v1/cover/policies"): frozenset({"insurer", "buyer", "supplier"}),
    ("GET", "/v1/cover/observations"): ANY,
    ("POST", "/v1/cover/observations"): frozenset({"observer"}),
}
