// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A loan between its storage word and memory.
///
/// principal 56 | use 56 | accrued 88 | since 32 | rate 16 | flags 8 (draws 6, act/365 1, draws closed 1)
library LoanWord {
    uint256 internal constant MOST_DRAWS = 63;

    struct Loan {
        uint256 principal;
        uint256 use; // what the loan takes of its line (R10)
        uint256 accrued; // interest in millionths of a minor unit, up to `since`
        uint256 since;
        uint256 rateBps;
        uint256 draws;
        uint256 isAct365;
        uint256 isClosed; // no draw any more
    }

    function load(Loan memory loan, uint256 word) internal pure {
        loan.principal = uint56(word);
        loan.use = uint56(word >> 56);
        loan.accrued = uint88(word >> 112);
        loan.since = uint32(word >> 200);
        loan.rateBps = uint16(word >> 232);
        loan.draws = (word >> 248) & 0x3F;
        loan.isAct365 = (word >> 254) & 1;
        loan.isClosed = word >> 255;
    }

    /// @dev Fields keep their widths: principal and use never exceed a face, draws stop at MOST_DRAWS.
    function pack(Loan memory loan) internal pure returns (uint256) {
        return loan.principal | loan.use << 56 | loan.accrued << 112 | loan.since << 200 | loan.rateBps << 232
            | loan.draws << 248 | loan.isAct365 << 254 | loan.isClosed << 255;
    }

    /// @dev A closed loan uses its line for its principal; for nothing only once that is written off.
    function isWrittenOff(Loan memory loan) internal pure returns (bool) {
        return loan.use == 0 && loan.principal != 0;
    }

    /// @return days in the year of the interest rule
    function basis(Loan memory loan) internal pure returns (uint256) {
        return loan.isAct365 == 0 ? 360 : 365;
    }
}
