"""The service's own keys: never shown, never the well-known ones where they would be worth something."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from eth_account import Account

from settlement.chain.signer import (
    Unsigned,
    demo_signer,
    load_signer,
    read_unsigned,
    signer_from_key,
)
from settlement.errors import InputRefused
from settlement.settings import Settings, load_settings

CANARY = "4242424242424242424242424242424242424242424242424242424242424242"


def _settings(folder: Path, **variables: str) -> Settings:
    return load_settings(folder, variables)


def _unsigned(nonce: int = 7) -> Unsigned:
    return Unsigned(nonce, "0x" + "1" * 40, b"\x01\x02", 100_000, 2_000_000_000, 1_000_000_000)


def test_load_signer__on_the_local_chain__is_the_well_known_account(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert load_signer("governor", settings).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert load_signer("relayer", settings).address == "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_load_signer__demo_keys_on_another_chain_id__are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="chain 1 is no local chain"):
        load_signer("relayer", _settings(tmp_path, HANSE_CHAIN_ID="1"))


def test_load_signer__demo_keys_on_a_chain_elsewhere__are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="not on this machine"):
        load_signer("relayer", _settings(tmp_path, HANSE_CHAIN_URL="http://10.0.0.5:8545"))


def test_load_signer__a_demo_key_in_a_file_on_another_chain_id__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "relayer.key"
    path.write_text("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    with pytest.raises(InputRefused, match="well-known"):
        load_signer("relayer", _settings(tmp_path, HANSE_CHAIN_ID="1", HANSE_RELAYER_KEY_FILE=str(path)))


def test_load_signer__a_key_file_on_another_chain__is_used(tmp_path: Path) -> None:
    path = tmp_path / "governor.key"
    path.write_text(f"0x{CANARY}\n")
    settings = _settings(
        tmp_path,
        HANSE_CHAIN_ID="1",
        HANSE_CHAIN_URL="http://10.0.0.5:8545",
        HANSE_GOVERNOR_KEY_FILE=str(path),
    )
    assert load_signer("governor", settings).address == Account.from_key(CANARY).address


@pytest.mark.parametrize("text", [CANARY[:-2], CANARY[:-1] + "g", CANARY + "\n" + CANARY, ""])
def test_t10__an_unusable_key_file__is_refused_without_showing_what_it_holds(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "relayer.key"
    path.write_text(text)
    with pytest.raises(InputRefused) as refused:
        load_signer("relayer", _settings(tmp_path, HANSE_RELAYER_KEY_FILE=str(path)))
    told = "".join(traceback.format_exception(refused.value))
    assert str(path) in told
    assert "42424242" not in told


def test_t10__a_signer__shows_its_address_and_never_its_key() -> None:
    signer = signer_from_key("relayer", bytes.fromhex(CANARY), 31337)
    assert signer.address in repr(signer)
    assert "42424242" not in repr(signer) + str(signer) + str(vars(signer))


def test_sign__the_same_transaction_twice__gives_the_same_bytes() -> None:
    signer = demo_signer("relayer")
    assert signer.sign(_unsigned()) == signer.sign(_unsigned())
    assert signer.sign(_unsigned()).tx_hash != signer.sign(_unsigned(8)).tx_hash


def test_sign__the_bytes__recover_to_the_signer_and_read_back() -> None:
    signer = demo_signer("relayer")
    signed = signer.sign(_unsigned())
    assert Account.recover_transaction(signed.raw) == signer.address
    assert read_unsigned(signed.raw) == Unsigned(
        7, "0x1111111111111111111111111111111111111111", b"\x01\x02", 100_000, 2_000_000_000, 1_000_000_000
    )


def test_read_unsigned__a_creation__has_no_receiver() -> None:
    signed = demo_signer("governor").sign(Unsigned(0, None, b"\x60\x00", 60_000, 10, 1))
    assert read_unsigned(signed.raw).to is None
