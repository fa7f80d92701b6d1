// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Draw, LineTerms, Repayment} from "../lib/Terms.sol";

/// @notice Pre-approved lines, reserves, draws, accrual, repayment, recourse. Holds: I-10..I-13, I-15.
interface ICreditLines {
    struct Loan {
        uint32 line;
        uint16 version;
        uint56 principal;
        uint88 accrued; // interest in millionths of a minor unit, up to `since`
        uint32 since;
        uint16 draws;
        bool drawsClosed;
        uint32 maturity;
    }

    event LinePublished(uint32 indexed line, uint16 indexed version, uint32 indexed funder, LineTerms terms);
    event Reserved(uint256 indexed order, uint32 indexed line, uint16 version, uint256 amount);
    /// @notice Headroom of the line changed; `used` is the line's new sum of uses (R10).
    event LineUsed(uint32 indexed line, uint256 used);
    event Drawn(uint256 indexed order, uint16 index, uint256 amount, uint256 fee, uint256 principal, uint256 accrued);
    /// @notice `accrued` is the interest left, in millionths of a minor unit; `outstanding` the principal left.
    /// Interest and principal were paid; `source` 0 settlement, 1 repayment, 2 recourse, 3 cover.
    /// `payer` the buyer, who repaid, the supplier, the insurer.
    event Repaid(
        uint256 indexed order,
        uint8 source,
        uint32 payer,
        uint256 interest,
        uint256 principal,
        uint256 outstanding,
        uint256 accrued
    );

    /// @notice Interest up to now was counted with nothing paid: the due date moved, or the undelivered part lapsed.
    /// `accrued` in millionths of a minor unit.
    event Accrued(uint256 indexed order, uint256 accrued);

    error UnknownLine(uint32 line, uint16 version);
    error LineExpired(uint32 line, uint16 version);
    error FunderIsSupplier(uint32 member);
    error NotEligible(uint32 line, uint8 buyerLane, uint8 supplierLane);
    error LimitExceeded(uint32 line, uint256 wanted, uint256 available);
    error OrderCapExceeded(uint256 face, uint256 cap);
    error CurrencyDiffers(uint16 order, uint16 line);
    error InvalidTerms();
    error AdvanceExceeded(uint256 order, uint256 wanted, uint256 available);
    error DrawsClosed(uint256 order);
    error DrawIndexUsed(uint16 index, uint16 next);
    error NoLoan(uint256 order);
    error NothingDueFromSupplier(uint256 order);
    error SupplierShort(uint256 order, uint256 due);
    error SignatureExpired(uint32 deadline);
    error NonceUsed(uint32 member, uint64 nonce);
    error NotSignedBy(uint32 member);
    error NotTradeContract(address caller);

    /// @notice Open a line or publish a new version of it, signed by the funder (empty signature: the caller is its
    /// key).
    function publish(LineTerms calldata terms, bytes calldata signature) external returns (uint32 line, uint16 version);

    /// @notice The supplier draws against its reserve; cash moves from the funder's free account, fee kept. Not while
    /// the buyer is late, nor where one of the three lost its standing. Holds: I-10.
    function draw(Draw calldata request, bytes calldata signature) external;

    /// @notice Anyone repays out of its own free cash: interest first, at most what is outstanding. Draws close when
    /// the
    /// supplier repays; a stranger's payment must not close them (P31).
    function repay(Repayment calldata repayment, bytes calldata signature) external;

    /// @notice Anyone: take from the supplier's free cash what falls to it, excess (R11) at once, the whole at maturity
    /// when it did not perform or the line has recourse.
    function recourse(uint256 order) external;

    function loanOf(uint256 order) external view returns (Loan memory);

    /// @return interest due now (R7, rounded up), and principal
    function outstandingOf(uint256 order) external view returns (uint256 interest, uint256 principal);

    function termsOf(uint32 line, uint16 version) external view returns (LineTerms memory);

    /// @return limit of the line, used now, and the current version
    function usageOf(uint32 line) external view returns (uint256 limit, uint256 used, uint16 version);

    /// @return largest amount the supplier may draw now (R9, and the funder's free cash); 0 wherever `draw` is refused
    function drawableOf(uint256 order) external view returns (uint256);

    /// @return what `recourse` would take from the supplier now if its cash suffices
    function dueFromSupplier(uint256 order) external view returns (uint256);

    function lineCount() external view returns (uint32);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);
}
