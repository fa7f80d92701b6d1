"""Untrusted XML into a tree: bounded in bytes, depth and elements; no document type, no entities, no network.

A first pass counts and refuses without building anything; only what passed it becomes a tree.

Source: CHECKLISTS D16, T13, T16.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from settlement.errors import DocumentRefused

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64
MAX_ELEMENTS = 100_000


class _Gate:
    """Parser target of the first pass: counts elements and stops at a document type declaration."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def doctype(self, name: str, *_ids: str | None) -> None:
        # Raised before the internal subset is read: no entity of it is ever expanded.
        raise DocumentRefused(
            f"the document carries a DOCTYPE ({name}); remove it, documents with a DTD are not read",
            field="/",
        )

    def start(self, tag: str | bytes, attrib: dict[str | bytes, str | bytes]) -> None:  # noqa: ARG002 - lxml names them
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            raise DocumentRefused(
                f"elements are nested deeper than {MAX_DEPTH}; send a flat document", field="/"
            )
        if self.elements > MAX_ELEMENTS:
            raise DocumentRefused(f"the document has more than {MAX_ELEMENTS} elements; split it", field="/")

    def end(self, tag: str | bytes) -> None:  # noqa: ARG002 - lxml names them
        self.depth -= 1

    def data(self, data: str | bytes) -> None:
        """Nothing: text is bounded by the size of the document."""

    def comment(self, text: str | bytes) -> None:
        """Nothing: comments are not read."""

    def close(self) -> int:
        return self.elements


def parse_xml(raw: bytes) -> etree._Element:
    """Read one XML document and return its root.

    Raises: DocumentRefused when it is too large, too deep, not well-formed, or carries a document type.
    """
    if len(raw) > MAX_BYTES:
        raise DocumentRefused(
            f"the document has {len(raw)} bytes, more than the {MAX_BYTES} that are read; send one per file",
            field="/",
        )
    try:
        etree.fromstring(raw, _parser(_Gate()))
        return etree.fromstring(raw, _parser(None))
    except etree.XMLSyntaxError as wrong:
        raise DocumentRefused(f"the document is not well-formed XML: {wrong.msg}", field="/") from wrong


def _parser(target: _Gate | None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def local_name(node: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(node).localname


def namespace(node: etree._Element) -> str:
    """The element's namespace URI, empty when it has none."""
    return etree.QName(node).namespace or ""


def text_of(node: etree._Element | None) -> str:
    """The element's text, stripped; empty when it is missing, empty, or holds elements: text around them is no value."""
    if node is None or len(node) > 0:
        return ""
    return (node.text or "").strip()


def children(node: etree._Element) -> Iterator[etree._Element]:
    """The child elements, without entities, comments and processing instructions."""
    return node.iterchildren(tag=etree.Element)
