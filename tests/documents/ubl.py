"""A UBL order of the tests' own, with any part replaced or left out."""

from __future__ import annotations

HEAD = (
    '<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
)
NUMBER = "<cbc:ID>PO-7</cbc:ID>"
ISSUED = "<cbc:IssueDate>2026-03-02</cbc:IssueDate>"


def party(role: str, name: str) -> str:
    return f"<cac:{role}><cac:Party><cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName></cac:Party></cac:{role}>"


BUYER = party("BuyerCustomerParty", "Kontor")
SUPPLIER = party("SellerSupplierParty", "Mills")


def currency_of(code: str) -> str:
    return f"<cbc:DocumentCurrencyCode>{code}</cbc:DocumentCurrencyCode>"


def payable(amount: str, code: str = "USD") -> str:
    return (
        "<cac:AnticipatedMonetaryTotal>"
        f'<cbc:PayableAmount currencyID="{code}">{amount}</cbc:PayableAmount>'
        "</cac:AnticipatedMonetaryTotal>"
    )


def line(
    line_id: str = "1",
    value: str | None = "100",
    code: str = "USD",
    quantity: str = "10",
    price: str | None = None,
    base: str = "1",
) -> str:
    extension = (
        ""
        if value is None
        else f'<cbc:LineExtensionAmount currencyID="{code}">{value}</cbc:LineExtensionAmount>'
    )
    priced = (
        ""
        if price is None
        else f'<cac:Price><cbc:PriceAmount currencyID="{code}">{price}</cbc:PriceAmount>'
        f"<cbc:BaseQuantity>{base}</cbc:BaseQuantity></cac:Price>"
    )
    return (
        f'<cac:OrderLine><cac:LineItem><cbc:ID>{line_id}</cbc:ID><cbc:Quantity unitCode="C62">{quantity}</cbc:Quantity>'
        f"{extension}{priced}<cac:Item><cbc:Name>Shirts</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine>"
    )


def ubl_order(
    *,
    head: str = HEAD,
    number: str = NUMBER,
    issued: str = ISSUED,
    currency: str = currency_of("USD"),
    buyer: str = BUYER,
    supplier: str = SUPPLIER,
    total: str = payable("100"),
    lines: str = line(),
    more: str = "",
) -> bytes:
    return f"{head}{number}{issued}{currency}{buyer}{supplier}{more}{total}{lines}</Order>".encode()
