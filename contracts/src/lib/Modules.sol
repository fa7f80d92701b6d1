// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICreditBook} from "../interfaces/ICreditBook.sol";
import {ICreditLines} from "../interfaces/ICreditLines.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {IOrderChanges} from "../interfaces/IOrderChanges.sol";
import {IOrderDesk} from "../interfaces/IOrderDesk.sol";
import {ISettlementDesk} from "../interfaces/ISettlementDesk.sol";
import {IShareDesk} from "../interfaces/IShareDesk.sol";

/// @notice Which module of Receivables has which verb. Fixed in its code: nobody can add a module or exchange one.
library Modules {
    uint256 internal constant ORDER_DESK = 1;
    uint256 internal constant CREDIT_LINES = 2;
    uint256 internal constant SHARE_DESK = 3;
    uint256 internal constant SETTLEMENT_DESK = 4;

    /// @return number of the module that a call with this selector runs in, 0 for none
    function numberOf(bytes4 selector) internal pure returns (uint256 number) {
        if (_isOrderDesk(selector)) return ORDER_DESK;
        if (_isCreditLines(selector)) return CREDIT_LINES;
        if (_isShareDesk(selector)) return SHARE_DESK;
        if (_isSettlementDesk(selector)) return SETTLEMENT_DESK;
    }

    function _isOrderDesk(bytes4 selector) private pure returns (bool) {
        return selector == IOrderDesk.positionOf.selector
            || selector == IOrderDesk.lateOf.selector || selector == IOrderDesk.payableNow.selector
            || selector == IOrderDesk.lapseAt.selector || selector == IOrderDesk.fingerprint.selector
            || selector == IOrderDesk.termsHash.selector || selector == IOrderDesk.recordAlone.selector
            || selector == IOrderDesk.hold.selector || _isChange(selector);
    }

    function _isChange(bytes4 selector) private pure returns (bool) {
        return selector == IOrderChanges.amend.selector || selector == IOrderChanges.cancel.selector
            || selector == IOrderChanges.credit.selector || selector == IDisputes.dispute.selector
            || selector == IDisputes.resolve.selector || selector == IDisputes.arbitrate.selector
            || selector == IDisputes.dismiss.selector || selector == IDisputes.arrive.selector
            || selector == IDisputes.changesOf.selector;
    }

    function _isCreditLines(bytes4 selector) private pure returns (bool) {
        return selector == ICreditLines.publish.selector || selector == ICreditLines.repay.selector
            || selector == ICreditLines.recourse.selector || selector == ICreditBook.collect.selector
            || selector == ICreditBook.collectMany.selector
            || selector == ICreditLines.loanOf.selector || selector == ICreditLines.outstandingOf.selector
            || selector == ICreditLines.termsOf.selector || selector == ICreditLines.usageOf.selector
            || selector == ICreditLines.drawableOf.selector || selector == ICreditLines.dueFromSupplier.selector
            || selector == ICreditLines.lineCount.selector || selector == ICreditLines.isNonceUsed.selector
            || selector == ICreditLines.release.selector || selector == ICreditLines.moveReserve.selector
            || selector == ICreditLines.writeOff.selector || selector == ICreditLines.lossOf.selector
            || selector == ICreditLines.reserveAccountOf.selector || selector == ICreditLines.offer.selector
            || selector == ICreditLines.offers.selector;
    }

    function _isShareDesk(bytes4 selector) private pure returns (bool) {
        return selector == IShareDesk.assign.selector || selector == IShareDesk.split.selector
            || selector == IShareDesk.sharesOf.selector || selector == IShareDesk.tokenURI.selector
            || selector == IShareDesk.transferFrom.selector
            || selector == bytes4(keccak256("safeTransferFrom(address,address,uint256)"))
            || selector == bytes4(keccak256("safeTransferFrom(address,address,uint256,bytes)"));
    }

    function _isSettlementDesk(bytes4 selector) private pure returns (bool) {
        return selector == ISettlementDesk.lapse.selector || selector == ISettlementDesk.undertake.selector
            || selector == ISettlementDesk.returnUndertaking.selector
            || selector == ISettlementDesk.refundGuarantor.selector
            || selector == ISettlementDesk.guaranteeOf.selector
            || selector == ISettlementDesk.undertakingAccount.selector;
    }
}
