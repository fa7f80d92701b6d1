// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amendment, Arrival, Cancellation, CreditNote, Dispute, DisputeEnd} from "./Terms.sol";
import {TypedHash} from "./TypedHash.sol";

/// @notice EIP-712 struct hashes of what changes an order after its acceptance.
library ChangeHash {
    bytes32 internal constant AMENDMENT = keccak256(
        "Amendment(uint256 order,uint16 version,uint56 face,bytes32 document,uint8 settleOn,uint16 tenorDays,"
        "uint16 lateBps,uint56 dutyCap,uint32 expiry,uint32 arbiter,uint32 deadline)"
    );
    bytes32 internal constant CANCELLATION = keccak256("Cancellation(uint256 order,uint16 version,uint32 deadline)");
    bytes32 internal constant CREDIT_NOTE =
        keccak256("CreditNote(uint256 order,uint56 amount,bytes32 document,uint64 nonce,uint32 deadline)");
    bytes32 internal constant DISPUTE =
        keccak256("Dispute(uint256 order,uint16 index,uint56 amount,bytes32 reason,uint32 deadline)");
    bytes32 internal constant DISPUTE_END =
        keccak256("DisputeEnd(uint256 order,uint16 index,uint56 upheld,uint32 deadline)");
    bytes32 internal constant ARRIVAL =
        keccak256("Arrival(uint256 order,uint32 arrivedAt,bytes32 document,uint32 deadline)");

    function hash(Amendment calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(AMENDMENT, place, 11);
    }

    function hash(Cancellation calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(CANCELLATION, place, 3);
    }

    function hash(CreditNote calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(CREDIT_NOTE, place, 5);
    }

    function hash(Dispute calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(DISPUTE, place, 5);
    }

    function hash(DisputeEnd calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(DISPUTE_END, place, 4);
    }

    function hash(Arrival calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(ARRIVAL, place, 4);
    }
}
