// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LineTerms, Repayment, ReserveMove, ReserveRelease, WriteOff} from "../lib/Terms.sol";

/// @notice Pre-approved lines, accrual, repayment, recourse, and the events of every loan. A module of Receivables, called
/// at its address; reserve and draw stand in Receivables itself. Holds: I-11..I-13, I-15.
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
        bool writtenOff;
    }

    /// @notice An order that might be accepted, and what a line would make of it.
    struct Wish {
        uint32 buyer;
        uint32 supplier;
        uint16 currency;
        uint56 face;
        uint32 expiry;
        uint16 tenorDays;
    }

    /// @notice What a line offers for a wish now: `reserve` of its headroom, of which `lends` at once. Not committed, it
    /// is pre-approved only. `refusal` is the selector of the error that acceptance would meet, zero for none.
    struct Offer {
        uint32 line;
        uint16 version;
        bytes4 refusal;
        bool committed;
        uint56 reserve;
        uint56 lends;
        uint56 commitmentFee;
    }

    event LinePublished(uint32 indexed line, uint16 indexed version, uint32 indexed funder, LineTerms terms);
    /// @notice An order takes `amount` of its line, whose new sum of uses is `used` (R10).
    event Reserved(uint256 indexed order, uint32 indexed line, uint16 version, uint256 amount, uint256 used);
    /// @notice The order's claim changed, and with it what it takes of its line: `amount` now.
    event ReserveChanged(uint256 indexed order, uint32 indexed line, uint256 amount, uint256 used);
    /// @notice The line's sum of uses changed where neither Reserved nor Repaid tells it.
    event LineUsed(uint32 indexed line, uint256 used);
    event Drawn(uint256 indexed order, uint16 index, uint256 amount, uint256 fee, uint256 principal, uint256 accrued);
    /// @notice Interest and principal were paid; `source` 0 settlement, 1 repayment, 2 recourse, 3 cover; `payer` the
    /// buyer, who repaid, the supplier, the insurer. `outstanding` is the principal left, `accrued` the interest left, in
    /// millionths of a minor unit, `used` the line's sum of uses.
    event Repaid(
        uint256 indexed order,
        uint8 source,
        uint32 payer,
        uint256 interest,
        uint256 principal,
        uint256 outstanding,
        uint256 accrued,
        uint256 used
    );

    /// @notice Interest up to now was counted with nothing paid: the due date moved, or the undelivered part lapsed.
    /// `accrued` in millionths of a minor unit.
    event Accrued(uint256 indexed order, uint256 accrued);

    /// @notice The draws of the order are closed and what it used of the line beyond its principal is free. `member` gave
    /// it back, 0 where anybody did after expiry.
    event ReserveReleased(uint256 indexed order, uint32 member);
    /// @notice The principal is a loss of the line's funder and uses the line no more; what comes in later is taken from it.
    /// `accrued` interest in millionths of a minor unit, which stands still from here on; `used` and `lost` the line's sums.
    event WrittenOff(
        uint256 indexed order,
        uint32 indexed line,
        uint256 principal,
        uint256 accrued,
        uint256 used,
        uint256 lost
    );

    error UnknownLine(uint32 line, uint16 version);
    error LineExpired(uint32 line, uint16 version);
    error FunderIsSupplier(uint32 member);
    error NotEligible(uint32 line, uint8 buyerLane, uint8 supplierLane);
    error LimitExceeded(uint32 line, uint256 wanted, uint256 available);
    error OrderCapExceeded(uint256 face, uint256 cap);
    error CurrencyDiffers(uint16 order, uint16 line);
    error InvalidTerms();
    error LifeTooLong(uint32 line, uint256 until, uint256 latest);
    error AlreadyDrawn(uint256 order);
    error NotReservedOn(uint256 order, uint32 line, uint16 version);
    error NotReleasable(uint256 order);
    error NotMatured(uint256 order, uint256 maturity);
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
    /// key, whose limit binds). The limit is never below the line's use. Holds: I-11.
    function publish(LineTerms calldata terms, bytes calldata signature) external returns (uint32 line, uint16 version);

    /// @notice Anyone repays out of its own free cash: interest first, at most what is outstanding. Draws close when
    /// the
    /// supplier repays; a stranger's payment must not close them (P31).
    function repay(Repayment calldata repayment, bytes calldata signature) external;

    /// @notice Anyone: take from the supplier's free cash what falls to it, excess (R11) at once, the whole at maturity
    /// when it did not perform or the line has recourse.
    function recourse(uint256 order) external;

    /// @notice Give the undrawn part of an order's reserve back: its supplier, the funder unless it is committed, and
    /// anyone after the order's expiry (the signature is not looked at then). Draws close for good.
    function release(ReserveRelease calldata request, bytes calldata signature) external;

    /// @notice The supplier lets the standing offer of another line stand behind an order that nothing was drawn on; the
    /// former reserve is freed in the same call. Holds: I-11, I-12.
    function moveReserve(ReserveMove calldata request, bytes calldata signature) external;

    /// @notice The funder, after maturity: the principal becomes a loss. The lien stays: whatever is paid under the order
    /// later goes to the funder until loan and interest are whole, the rest to the holder. Holds: I-16.
    function writeOff(WriteOff calldata request, bytes calldata signature) external;

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

    /// @return principal of the line that was written off and not recovered
    function lossOf(uint32 line) external view returns (uint256);

    /// @return the ledger's account of the cash set aside for an order's reserve on a committed line
    function reserveAccountOf(uint256 order) external pure returns (uint256);

    /// @return what the line offers for an order like this now, or why it does not
    function offer(uint32 line, Wish calldata wish) external view returns (Offer memory);

    /// @return the offers of the lines from `first` on, at most `count` of them
    function offers(uint32 first, uint32 count, Wish calldata wish) external view returns (Offer[] memory);

    function lineCount() external view returns (uint32);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);
}
