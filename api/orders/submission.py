"""How an order arrives: a JSON envelope, or a file with its terms as multipart.

The document's bytes are kept as they came: of an envelope, the very characters of its ``document``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from api.dependencies import WriteHere, WriterHere, request_hash
from api.writes import Write
from settlement.documents.strict_json import parse_json
from settlement.errors import InputRefused
from settlement.use_cases.create_order import SentOrder
from settlement.wire.model import Wish
from settlement.wire.trade import OrderTerms, OrderWish

W = TypeVar("W", bound=Wish)

OPENAPI_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/OrderWish"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "terms"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "UBL 2.x Order or JSON order",
                        },
                        "terms": {"type": "string", "description": "OrderTerms as JSON text"},
                    },
                }
            },
        },
    }
}


async def sent_order(request: Request, _caller: WriterHere) -> SentOrder:
    """Read either form.

    Raises: InputRefused.
    """
    if _is_form(request):
        return await _from_form(request)
    return _from_envelope(request.state.body)


async def order_write(
    request: Request, write: WriteHere, sent: Annotated[SentOrder, Depends(sent_order)]
) -> Write:
    """The keyed write of an order; a form is known by its parts, since each sending draws a new boundary."""
    if not _is_form(request):
        return write
    parts = (
        sent.content_type.encode(),
        hashlib.sha256(sent.content).hexdigest().encode(),
        sent.terms.model_dump_json().encode(),
    )
    keyed = replace(write.request, body_hash=request_hash(request, b"form\n" + b"\n".join(parts)))
    return replace(write, request=keyed)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _from_envelope(body: bytes) -> SentOrder:
    # The body gate has parsed it once: it is strict JSON.
    wish = _validated(OrderWish, parse_json(body))
    return SentOrder(
        member_text(body.decode("utf-8-sig"), "document").encode(), "application/json", wish.terms
    )


async def _from_form(request: Request) -> SentOrder:
    try:
        form = await request.form(max_files=1, max_fields=1)
    except MultiPartException as wrong:
        raise InputRefused(f"the multipart body cannot be read: {wrong.message}", field="/") from wrong
    try:
        file, terms = form.get("file"), form.get("terms")
        if not isinstance(file, UploadFile) or not isinstance(terms, str):
            raise InputRefused("send two parts: file (the order) and terms (JSON text)", field="file")
        content = await file.read()
        kind = file.content_type or "application/octet-stream"
    finally:
        await form.close()
    return SentOrder(content, kind, _validated(OrderTerms, parse_json(terms.encode())))


def _validated(model: type[W], value: object) -> W:
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        field = "/".join(str(step) for step in first["loc"]) or "/"
        raise InputRefused(f"{field}: {first['msg']}; see /openapi.json", field=field) from wrong


def member_text(text: str, name: str) -> str:
    """The characters of one member's value in a JSON object, exactly as they stand.

    Raises: InputRefused when the object has no such member.
    """
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while True:
        at = _skip(text, at)
        if text[at] == "}":
            raise InputRefused(f"the body has no {name!r}", field=name)
        key, at = decoder.raw_decode(text, at)
        start = _skip(text, at)
        _, end = decoder.raw_decode(text, start)
        if key == name:
            return text[start:end]
        at = end


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n:,":
        at += 1
    return at
