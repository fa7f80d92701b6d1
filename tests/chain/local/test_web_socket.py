"""WebSocket on the port of HTTP: requests and batches, control frames, bounds, and frames that are none."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode

from settlement.chain.local.server import LocalNode
from settlement.chain.local.wire.bounds import MOST_BODY_BYTES
from tests.chain.local.client import ProcessNode, Rpc, address_of, signed
from tests.chain.local.web_socket_client import HANDSHAKE, KEY, SOON_S, SocketRpc, frame, raw_socket

ASK = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
ANSWER = {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}


def _close_code(connection: socket.socket) -> int:
    """The code of the close frame that ends what the node sends."""
    received = b""
    while got := connection.recv(65_536):
        received += got
    frame = received[received.rindex(bytes([0x80 | Opcode.CLOSE])) :]
    return int.from_bytes(frame[2:4], "big")


def test_web_socket__request__answered_as_over_http(node: LocalNode, rpc: Rpc) -> None:
    with SocketRpc(node.port) as client:
        client.connection.send(ASK)
        assert client.receive() == ANSWER == rpc.post(ASK.encode())
        client.connection.send(ASK.encode())
        assert client.receive() == ANSWER


def test_web_socket__batch_and_notification__answered_in_one_message_or_not_at_all(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        client.connection.send('{"method":"eth_chainId"}')
        client.connection.send("[" + ASK + ',{"method":"eth_chainId"},' + ASK + "]")
        assert client.receive() == [ANSWER, ANSWER]


def test_web_socket__no_json__an_error_object_and_the_connection_stays(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        for message, code in (("{", -32_700), ("", -32_700), ("[]", -32_600), ("3", -32_600)):
            client.connection.send(message)
            assert client.receive()["error"]["code"] == code
        assert client("eth_chainId") == "0x7a69"


def test_web_socket__fragments_with_a_ping_between__one_message(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        pong = client.connection.ping("payload")
        client.connection.send([ASK[:10], "", ASK[10:]])
        assert client.receive() == ANSWER
        assert pong.wait(SOON_S)
    with raw_socket(node.port) as connection:
        connection.sendall(frame(Opcode.TEXT, ASK[:10].encode(), fin=False))
        connection.sendall(frame(Opcode.PING, b"now"))
        assert connection.recv(5) == Frame(Opcode.PONG, b"now").serialize(mask=False)
        connection.sendall(frame(Opcode.CONT, ASK[10:].encode()))
        assert b"0x7a69" in connection.recv(4_096)


def test_web_socket__frames_with_the_handshake_and_byte_by_byte__understood(node: LocalNode) -> None:
    with socket.create_connection(("127.0.0.1", node.port), timeout=SOON_S) as connection:
        connection.sendall(HANDSHAKE + frame(Opcode.TEXT, ASK.encode()))
        for byte in frame(Opcode.TEXT, ASK.replace("1,", "2,").encode()):
            connection.sendall(bytes([byte]))
        received = b""
        while received.count(b"0x7a69") < 2:
            received += connection.recv(4_096)
        assert received.startswith(b"HTTP/1.1 101 ")


def test_web_socket__many_requests_at_once__all_answered(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        for number in range(500):
            client.connection.send(json.dumps({"id": number, "method": "eth_chainId"}))
        assert sorted(client.receive()["id"] for _ in range(500)) == list(range(500))


def test_web_socket__transactions_sent_ahead__share_blocks_and_are_all_acknowledged(
    node: LocalNode, rpc: Rpc
) -> None:
    with SocketRpc(node.port) as client:
        for nonce in range(100):
            raw = signed(0, nonce=nonce)
            client.connection.send(
                json.dumps({"id": nonce, "method": "eth_sendRawTransaction", "params": [raw]})
            )
        answers = [client.receive() for _ in range(100)]
    assert all(rpc.receipt(answer["result"])["status"] == "0x1" for answer in answers)
    assert rpc.nonce(0) == 100


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (Frame(Opcode.TEXT, ASK.encode()).serialize(mask=False), CloseCode.PROTOCOL_ERROR),
        (b"\xf1\x80\x00\x00\x00\x00", CloseCode.PROTOCOL_ERROR),
        (b"\x83\x80\x00\x00\x00\x00", CloseCode.PROTOCOL_ERROR),
        (frame(Opcode.CONT, b"x"), CloseCode.PROTOCOL_ERROR),
        (frame(Opcode.TEXT, b"x", fin=False) * 2, CloseCode.PROTOCOL_ERROR),
        (b"\x09\x80\x00\x00\x00\x00", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x81\x00\x00\x00\x00\x00", CloseCode.PROTOCOL_ERROR),
        (frame(Opcode.TEXT, b"\xff\xfe"), CloseCode.INVALID_DATA),
        (b"\x81\xff" + (2**62).to_bytes(8, "big") + b"\x00" * 4, CloseCode.MESSAGE_TOO_BIG),
        (frame(Opcode.TEXT, b"x" * (MOST_BODY_BYTES + 1)), CloseCode.MESSAGE_TOO_BIG),
        (
            frame(Opcode.TEXT, b"x" * MOST_BODY_BYTES, fin=False) + frame(Opcode.CONT, b"x"),
            CloseCode.MESSAGE_TOO_BIG,
        ),
    ],
    ids=[
        "unmasked",
        "reserved bits",
        "reserved opcode",
        "continues nothing",
        "new message within one",
        "fragmented ping",
        "close of one byte",
        "no UTF-8",
        "length of 4 EiB",
        "one byte too large",
        "one byte too large in fragments",
    ],
)
def test_web_socket__malformed_frame__closed_with_its_code_and_others_are_served(
    node: LocalNode, rpc: Rpc, sent: bytes, code: int
) -> None:
    with raw_socket(node.port) as connection:
        connection.sendall(sent)
        assert _close_code(connection) == code
    assert rpc("eth_chainId") == "0x7a69"


def test_web_socket__message_at_the_bound__read(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        client.connection.send(ASK[:-1] + ',"x":"' + "y" * (MOST_BODY_BYTES - len(ASK) - 7) + '"}')
        assert client.receive() == ANSWER


def test_web_socket__closed_by_the_client__its_code_is_answered(node: LocalNode) -> None:
    with SocketRpc(node.port) as client:
        client.connection.close(CloseCode.NORMAL_CLOSURE, "done")
        assert client.connection.protocol.close_rcvd is not None
        assert client.connection.protocol.close_rcvd.code == CloseCode.NORMAL_CLOSURE


def test_web_socket__node_stops__its_clients_are_told(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, SocketRpc(node.port) as client:
        assert client("eth_chainId") == "0x7a69"
        node.process.terminate()
        with pytest.raises(ConnectionClosed) as caught:
            client.receive()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == CloseCode.GOING_AWAY
        node.process.communicate(timeout=SOON_S)
        assert node.process.returncode == 0


@pytest.mark.parametrize("origin", [None, "https://dapp.example", "null"])
def test_web_socket__any_origin__let_in(node: LocalNode, origin: str | None) -> None:
    with SocketRpc(node.port, additional_headers={"Origin": origin} if origin else {}) as client:
        assert client("eth_chainId") == "0x7a69"


def test_web_socket__compression_or_a_subprotocol_offered__passed_over(node: LocalNode) -> None:
    with SocketRpc(node.port, compression="deflate") as client:
        assert client.connection.protocol.extensions == []
        assert client("eth_chainId") == "0x7a69"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"Version: 13", b"Version: 12"), b"400"),
        ((KEY, b"short"), b"400"),
        ((b"GET /any HTTP/1.1", b"POST / HTTP/1.1\r\nContent-Length: 0"), b"405"),
        ((b"HTTP/1.1", b"HTTP/1.0"), b"400"),
        ((b"Sec-WebSocket-Key", b"X-Key"), b"400"),
    ],
)
def test_web_socket__handshake_that_is_none__refused_with_an_error_object(
    node: LocalNode, rpc: Rpc, change: tuple[bytes, bytes], status: bytes
) -> None:
    received = b""
    with socket.create_connection(("127.0.0.1", node.port), timeout=SOON_S) as connection:
        connection.sendall(HANDSHAKE.replace(*change))
        while got := connection.recv(4_096):
            received += got
    assert received.startswith(b"HTTP/1.1 " + status), received
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == -32_600
    assert rpc("eth_chainId") == "0x7a69"


def test_web_socket__client_that_reads_nothing__held_back_and_others_are_served(
    node: LocalNode, rpc: Rpc
) -> None:
    rpc("anvil_setCode", address_of(5), "0x" + "00" * 1_000_000)
    ask = json.dumps({"id": 1, "method": "eth_getCode", "params": [address_of(5), "latest"]})
    frames = frame(Opcode.TEXT, ask.encode()) * 10
    with raw_socket(node.port) as connection:
        sender = threading.Thread(target=connection.sendall, args=(frames,))
        sender.start()
        assert rpc("eth_chainId") == "0x7a69"
        received = bytearray()
        while received.count(b'"result"') < 10:
            received += connection.recv(1 << 20)
        sender.join(SOON_S)
    assert rpc("eth_chainId") == "0x7a69"


def test_web_socket__clients_that_vanish__others_are_served(node: LocalNode, rpc: Rpc) -> None:
    for _ in range(20):
        with raw_socket(node.port) as connection:
            connection.sendall(frame(Opcode.TEXT, ASK.encode()) * 5 + b"\x81")
    assert rpc("eth_chainId") == "0x7a69"
