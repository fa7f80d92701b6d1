// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assignment, Split, Undertaking} from "./ShareTerms.sol";
import {
    Acceptance,
    AccountRefusal,
    AccountReplacement,
    Attestation,
    AttestationBatch,
    Draw,
    HoldRequest,
    KeyGrant,
    KeyRevocation,
    LineTerms,
    PurchaseOrder,
    Repayment,
    ReserveMove,
    ReserveRelease,
    Withdrawal,
    WriteOff
} from "./Terms.sol";

/// @notice EIP-712 struct hashes of what members sign. The types repeat the structs of Terms.sol, enums as uint8.
library TypedHash {
    bytes32 internal constant PURCHASE_ORDER = keccak256(
        "PurchaseOrder(uint32 buyer,uint32 supplier,string number,uint16 year,uint16 currency,uint56 face,"
        "bytes32 document,uint8 settleOn,uint8 fundBy,uint16 tenorDays,uint16 lateBps,uint56 dutyCap,"
        "uint16 jurisdiction,uint32 expiry,uint32 deadline)"
    );
    bytes32 internal constant ACCEPTANCE =
        keccak256("Acceptance(bytes32 order,uint32 line,uint16 version,uint32 deadline)");
    bytes32 internal constant LINE_TERMS = keccak256(
        "LineTerms(uint32 line,uint32 funder,uint16 currency,uint56 limit,uint56 orderCap,uint16 rateBps,"
        "uint16 lateBps,uint16 feeBps,uint16 advanceAccepted,uint16 advanceShipped,uint16 advanceReleased,"
        "uint8 dayCount,uint8 graceDays,bool recourse,uint8 buyerLanes,uint8 supplierLanes,bool committed,"
        "uint16 commitmentBps,uint16 longestDays,uint32 expiry,uint64 nonce,uint32 deadline)"
    );
    bytes32 internal constant RESERVE_RELEASE =
        keccak256("ReserveRelease(uint256 order,uint32 member,uint32 deadline)");
    bytes32 internal constant RESERVE_MOVE = keccak256(
        "ReserveMove(uint256 order,uint32 fromLine,uint16 fromVersion,uint32 line,uint16 version,uint64 nonce,uint32 deadline)"
    );
    bytes32 internal constant WRITE_OFF = keccak256("WriteOff(uint256 order,uint32 funder,uint32 deadline)");
    bytes32 internal constant DRAW = keccak256("Draw(uint256 order,uint16 index,uint56 amount,uint32 deadline)");
    bytes32 internal constant REPAYMENT =
        keccak256("Repayment(uint256 order,uint32 payer,uint56 amount,uint64 nonce,uint32 deadline)");
    bytes32 internal constant WITHDRAWAL =
        keccak256("Withdrawal(uint32 member,uint16 currency,uint56 amount,uint64 nonce,uint32 deadline)");
    bytes32 internal constant KEY_GRANT =
        keccak256("KeyGrant(uint32 member,address key,uint16 scopes,uint56 limit,uint64 nonce,uint32 deadline)");
    bytes32 internal constant KEY_REVOCATION =
        keccak256("KeyRevocation(uint32 member,address key,uint64 nonce,uint32 deadline)");
    bytes32 internal constant ACCOUNT_REPLACEMENT =
        keccak256("AccountReplacement(uint32 member,address account,uint64 nonce,uint32 deadline)");
    bytes32 internal constant ACCOUNT_REFUSAL =
        keccak256("AccountRefusal(uint32 member,address account,uint64 nonce,uint32 deadline)");
    bytes32 internal constant ATTESTATION = keccak256(
        "Attestation(uint256 order,uint16 jurisdiction,uint32 seq,uint8 phase,bool hold,bool refused,"
        "uint56 released,uint56 duty,bytes32 declarations,bytes32 messages,uint32 eventAt,uint32 deadline)"
    );

    bytes32 internal constant ASSIGNMENT =
        keccak256("Assignment(uint256 order,uint32 holder,uint32 to,uint56 claim,uint64 nonce,uint32 deadline)");
    bytes32 internal constant SPLIT = keccak256(
        "Split(uint256 order,uint32 holder,uint8 first,uint32[] holders,uint56[] faces,uint32 deadline)"
    );
    bytes32 internal constant UNDERTAKING = keccak256(
        "Undertaking(uint256 order,uint32 guarantor,uint56 amount,uint56 owed,uint32 expiry,uint64 nonce,"
        "uint32 deadline)"
    );
    bytes32 internal constant ATTESTATION_BATCH = keccak256(
        "AttestationBatch(Attestation[] items)"
        "Attestation(uint256 order,uint16 jurisdiction,uint32 seq,uint8 phase,bool hold,bool refused,"
        "uint56 released,uint56 duty,bytes32 declarations,bytes32 messages,uint32 eventAt,uint32 deadline)"
    );
    bytes32 internal constant HOLD_REQUEST = keccak256(
        "HoldRequest(uint256 order,uint16 jurisdiction,uint32 seq,bytes32 messages,uint32 deadline)"
    );

    /// @param numberHash hash of the order's number, which the fingerprint takes too
    function hash(PurchaseOrder calldata order, bytes32 numberHash) internal pure returns (bytes32 result) {
        bytes32 typeHash = PURCHASE_ORDER;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typeHash)
            calldatacopy(add(at, 32), order, 480)
            // The third field of the encoding is where the string starts; the hash takes the string's hash.
            mstore(add(at, 96), numberHash)
            result := keccak256(at, 512)
        }
    }

    function hash(Acceptance calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(ACCEPTANCE, place, 4);
    }

    function hash(LineTerms calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(LINE_TERMS, place, 22);
    }

    function hash(Draw calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(DRAW, place, 4);
    }

    function hash(Repayment calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(REPAYMENT, place, 5);
    }

    function hash(ReserveRelease calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(RESERVE_RELEASE, place, 3);
    }

    function hash(ReserveMove calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(RESERVE_MOVE, place, 7);
    }

    function hash(WriteOff calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(WRITE_OFF, place, 3);
    }

    function hash(Withdrawal calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(WITHDRAWAL, place, 5);
    }

    function hash(Attestation calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(ATTESTATION, place, 12);
    }

    function hash(KeyGrant calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(KEY_GRANT, place, 6);
    }

    function hash(KeyRevocation calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(KEY_REVOCATION, place, 4);
    }

    function hash(AccountReplacement calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(ACCOUNT_REPLACEMENT, place, 4);
    }

    function hash(AccountRefusal calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(ACCOUNT_REFUSAL, place, 4);
    }

    function hash(HoldRequest calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(HOLD_REQUEST, place, 5);
    }

    function hash(AttestationBatch calldata signed) internal pure returns (bytes32) {
        Attestation[] calldata items = signed.items;
        bytes32[] memory hashes = new bytes32[](items.length);
        // At most 50 turns where it counts: ClearanceOracle bounds the batch before it asks.
        for (uint256 i; i < items.length; ++i) {
            hashes[i] = hash(items[i]);
        }
        return ofBatch(hashes);
    }

    /// @param hashes of the batch's items, in their order
    function ofBatch(bytes32[] memory hashes) internal pure returns (bytes32) {
        return keccak256(abi.encode(ATTESTATION_BATCH, keccak256(abi.encodePacked(hashes))));
    }

    function hash(Assignment calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(ASSIGNMENT, place, 6);
    }

    function hash(Undertaking calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return ofWords(UNDERTAKING, place, 7);
    }

    function hash(Split calldata signed) internal pure returns (bytes32) {
        // Elements of a list are whole words each, in the hash of the list as in calldata.
        return keccak256(
            abi.encode(
                SPLIT,
                signed.order,
                signed.holder,
                signed.first,
                keccak256(abi.encodePacked(signed.holders)),
                keccak256(abi.encodePacked(signed.faces)),
                signed.deadline
            )
        );
    }

    /// @dev Hash of a struct without dynamic fields, straight from calldata. A field with dirty upper bits gives a
    /// digest that nobody signed, and reading the field reverts.
    function ofWords(bytes32 typeHash, uint256 place, uint256 words) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typeHash)
            calldatacopy(add(at, 32), place, mul(words, 32))
            result := keccak256(at, mul(add(words, 1), 32))
        }
    }
}
