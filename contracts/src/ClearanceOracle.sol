// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Committees} from "./Committees.sol";
import {IClearanceOracle} from "./interfaces/IClearanceOracle.sol";
import {IOrderDesk} from "./interfaces/IOrderDesk.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Quorum} from "./lib/Quorum.sol";
import {Attestation, AttestationBatch, HoldRequest} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title Customs committees: k of n signatures on whole states of orders
contract ClearanceOracle is Committees, EIP712 {
    using TypedHash for Attestation;
    using TypedHash for AttestationBatch;
    using TypedHash for HoldRequest;

    uint256 private constant GRID = 1 hours;
    uint256 private constant MOST_AHEAD = 2 hours;
    // Authorities' clocks and the chain's differ a little (O09).
    uint256 private constant SKEW = 5 minutes;
    uint256 private constant MOST_ITEMS = 50;
    // What the largest item may need: root and four shares, all their accounts new. An item that failed with less
    // was starved by the relayer (EIP-150 leaves the caller enough to go on).
    uint256 private constant ENOUGH_GAS = 600_000;

    address private immutable _receivables;
    mapping(bytes32 proof => bool) private _isProven;

    constructor(address authority, address network, address receivables)
        Committees(authority, network)
        EIP712("Hanse", "1")
    {
        _receivables = receivables;
    }

    /// @inheritdoc IClearanceOracle
    function attest(Attestation calldata attestation, bytes calldata signatures) external {
        _checkTimes(attestation.eventAt, attestation.deadline);
        bytes32 digest = _hashTypedDataV4(attestation.hash());
        (uint256 seats, uint256 treasury) = _count(attestation.jurisdiction, digest, signatures, 0);
        if (!_record(attestation, treasury)) {
            // A relayer learns it from the simulation, before it pays for a transaction that would change nothing.
            assembly ("memory-safe") {
                let at := mload(0x40)
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
        }
        _tell(attestation, digest, seats);
    }

    /// @inheritdoc IClearanceOracle
    function attestBatch(AttestationBatch calldata batch, bytes calldata signatures) external {
        Attestation[] calldata items = batch.items;
        uint256 count = items.length;
        if (count == 0 || count > MOST_ITEMS) revert BatchOutOfBounds(count, MOST_ITEMS);
        uint256 jurisdiction = items[0].jurisdiction;
        // At most MOST_ITEMS turns.
        for (uint256 i; i < count; ++i) {
            if (items[i].jurisdiction != jurisdiction) revert BatchOfManyJurisdictions();
            _checkTimes(items[i].eventAt, items[i].deadline);
        }
        bytes32 digest = _hashTypedDataV4(batch.hash());
        (uint256 seats, uint256 treasury) = _count(jurisdiction, digest, signatures, 0);
        // At most MOST_ITEMS turns.
        for (uint256 i; i < count; ++i) {
            if (_record(items[i], treasury)) _tell(items[i], digest, seats);
        }
    }

    /// @inheritdoc IClearanceOracle
    function hold(HoldRequest calldata request, bytes calldata signatures) external {
        _checkDeadline(request.deadline);
        uint256 needed = _minorityOf(request.jurisdiction);
        bytes32 digest = _hashTypedDataV4(request.hash());
        (uint256 seats,) = _count(request.jurisdiction, digest, signatures, needed);
        emit HoldAsked(request.order, request.seq, digest, request.messages, seats);
        IOrderDesk(_receivables).hold(request.order, request.jurisdiction, request.seq);
    }

    /// @inheritdoc IClearanceOracle
    function proveEquivocation(SignedState calldata one, SignedState calldata other) external {
        (uint256 order, uint256 seq) = (one.state.order, one.state.seq);
        bool isOfOne = other.state.order == order && other.state.seq == seq;
        if (!isOfOne || contentOf(one.state) == contentOf(other.state)) revert NoContradiction();
        address key = _signerOf(one);
        if (key != _signerOf(other)) revert NoContradiction();
        uint256 taken = _countingSeat(key);
        // Once, so that a key that governance seats again is not put out by the old proof.
        bytes32 proof = keccak256(abi.encode(key, order, seq));
        if (_isProven[proof]) revert AlreadyProven(order, uint32(seq), key);
        _isProven[proof] = true;
        emit Equivocated(order, uint32(seq), key);
        _suspend(key, taken);
    }

    /// @inheritdoc IClearanceOracle
    function digestOf(Attestation calldata attestation) external view returns (bytes32) {
        return _hashTypedDataV4(attestation.hash());
    }

    /// @inheritdoc IClearanceOracle
    function digestOfBatch(AttestationBatch calldata batch) external view returns (bytes32) {
        return _hashTypedDataV4(batch.hash());
    }

    /// @inheritdoc IClearanceOracle
    function contentOf(Attestation calldata attestation) public pure returns (bytes32) {
        uint256 place;
        assembly {
            place := attestation
        }
        // All words but the last, which is the deadline.
        return TypedHash.ofWords(TypedHash.ATTESTATION, place, 11);
    }

    /// @dev What the member signed: the state alone, or a batch in which it stands.
    function _digestOf(SignedState calldata told) private view returns (bytes32) {
        bytes32 state = told.state.hash();
        if (told.batch.length == 0) return _hashTypedDataV4(state);
        // Bounded by what its sender pays for: a member signs batches of at most MOST_ITEMS that count.
        for (uint256 i; i < told.batch.length; ++i) {
            if (told.batch[i] == state) return _hashTypedDataV4(TypedHash.ofBatch(told.batch));
        }
        revert NoContradiction();
    }

    function _signerOf(SignedState calldata told) private view returns (address) {
        bytes calldata signature = told.signature;
        if (signature.length != Quorum.SIGNATURE_LENGTH) revert InvalidSignatureLength(signature.length);
        uint256 place;
        assembly {
            place := signature.offset
        }
        return Quorum.signerAt(_digestOf(told), place, 0);
    }

    /// @dev emit Attested, with the attestation's words as they came: declarations, messages and time stand side by side,
    /// and every field that is narrower than its word was read before.
    function _tell(Attestation calldata attestation, bytes32 digest, uint256 seats) private {
        bytes32 topic = Attested.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, digest)
            calldatacopy(add(at, 32), add(attestation, 256), 96)
            mstore(add(at, 128), seats)
            log3(at, 160, topic, calldataload(attestation), calldataload(add(attestation, 64)))
        }
    }

    /// @dev Record and settle; where it cannot settle, the state stands alone, for anyone to settle later.
    /// @return isRecorded false where the state adds nothing; return data then says why
    function _record(Attestation calldata attestation, uint256 treasury) private returns (bool isRecorded) {
        if (_hand(IReceivables.record.selector, attestation, treasury)) return true;
        // After the call, so that only a failed one needs it: what is left is at least a 64th of what it was given.
        if (gasleft() < ENOUGH_GAS) revert TooLittleGas(gasleft(), ENOUGH_GAS);
        isRecorded = _hand(IOrderDesk.recordAlone.selector, attestation, treasury);
        if (isRecorded) emit Unsettled(attestation.order, attestation.seq);
    }

    /// @dev The attestation's words as they came: they are its encoding already, and every field that is narrower
    /// than its word is checked where Receivables reads it.
    function _hand(bytes4 selector, Attestation calldata attestation, uint256 treasury)
        private
        returns (bool isTaken)
    {
        address receivables = _receivables;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            calldatacopy(add(at, 4), attestation, 384)
            mstore(add(at, 388), treasury)
            isTaken := call(gas(), receivables, 0, at, 420, 0, 0)
        }
    }

    function _checkTimes(uint256 eventAt, uint256 deadline) private view {
        _checkDeadline(deadline);
        unchecked {
            // Block time and minutes never come near a word's end.
            if (eventAt > block.timestamp + SKEW) revert EventInFuture(uint32(eventAt));
        }
    }

    function _checkDeadline(uint256 deadline) private view {
        if (block.timestamp > deadline) revert SignatureExpired(uint32(deadline));
        if (deadline % GRID != 0) revert DeadlineNotOnGrid(uint32(deadline));
        unchecked {
            // Block time and hours never come near a word's end.
            if (deadline > block.timestamp + MOST_AHEAD) revert DeadlineTooFar(uint32(deadline));
        }
    }
}
