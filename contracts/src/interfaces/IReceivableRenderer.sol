// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Phase} from "../lib/Terms.sol";

/// @notice Draws what a wallet shows of a receivable: a name, a picture and its attributes, all of it on chain.
interface IReceivableRenderer {
    /// @notice What is shown of one receivable. Amounts in minor units, times in unix seconds.
    struct Picture {
        uint256 id;
        uint8 share; // 0: the order itself, else the number of the share
        Phase phase; // of the order, Closed once this leaf is whole
        bool isHeld;
        uint16 currency; // ISO 4217 numeric
        uint8 exponent; // decimals of its minor unit
        string symbol; // of the currency's token, as the token says it
        uint56 face;
        uint56 reduced;
        uint56 paid;
        uint32 due; // 0: not set
        uint32 expiry;
        uint32 buyer; // member id
        uint32 holder; // member id
        address account; // the holder's
    }

    /// @return a data URI of JSON as ERC-721's metadata extension describes it
    function render(Picture calldata picture) external pure returns (string memory);
}
