// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimChanges} from "./ClaimChanges.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IOrderChanges} from "./interfaces/IOrderChanges.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Bounds} from "./lib/Bounds.sol";
import {ChangeHash} from "./lib/ChangeHash.sol";
import {LineWords} from "./lib/LineWords.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {Amendment, ARBITER, BUYER, Cancellation, CreditNote, FundBy, Phase, SUPPLIER} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Amendment, cancellation and credit note
abstract contract OrderChanges is ClaimChanges, IOrderChanges {
    using ChangeHash for Amendment;
    using ChangeHash for Cancellation;
    using ChangeHash for CreditNote;
    using LineWords for uint256;
    using NonceMap for NonceMap.Spent;
    using OrderWords for OrderWords.Order;

    /// @inheritdoc IOrderChanges
    function amend(Amendment calldata amendment, Consents calldata consents) external onlyInBook {
        OrderWords.Order memory order;
        _loadWhole(order, amendment.order);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        _requireVersion(extension, order.id, amendment.version);
        _checkAmendable(order);
        _checkTerms(order, amendment);
        bytes32 digest = _digestUntil(amendment.hash(), amendment.deadline);
        _requireTraders(order, digest, consents, _missing(order, amendment.face));
        _requireHolder(order, digest, consents);
        (uint256 principal, bool isReserved) = _lentOf(order);
        if (principal != 0 || isReserved) _requireFunder(order, digest, consents.funder);

        // Interest that ran past the old expiry must not be counted under the new one.
        if (block.timestamp > OrderWords.baseOf(order.terms)) _countInterest(order.id, order.terms);
        uint256 former = order.claim();
        order.face = amendment.face;
        order.terms = OrderWords.amended(
            order.terms,
            amendment.expiry,
            amendment.tenorDays,
            amendment.lateBps,
            uint256(amendment.settleOn)
        );
        if (principal != 0 || isReserved) _checkReserve(order, former, principal);
        _resizeReserve(order.id, order.terms, former, order.claim());
        _setDutyCap(order, amendment.dutyCap);
        ++extension.amendments;
        extension.arbiter = amendment.arbiter;
        _keepExtension(order, extension);
        _store(order);
        emit Amended(order.id, uint16(extension.amendments), amendment);
        _fitHold(order);
    }

    /// @inheritdoc IOrderChanges
    function cancel(Cancellation calldata cancellation, Consents calldata consents) external onlyInBook {
        OrderWords.Order memory order;
        _loadWhole(order, cancellation.order);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        _requireVersion(extension, order.id, cancellation.version);
        if (order.paid != 0) revert AlreadyPaid(order.id);
        _requireUndisputed(order);
        (uint256 principal, bool isReserved) = _lentOf(order);
        if (principal != 0) revert LoanOutstanding(order.id);
        bytes32 digest = _digestUntil(cancellation.hash(), cancellation.deadline);
        _requireConsent(OrderWords.buyerOf(order.terms), BUYER, digest, consents.buyer, 0);
        _requireConsent(_supplierOf(order), SUPPLIER, digest, consents.supplier, 0);
        _requireHolder(order, digest, consents);
        if (isReserved) _requireFunder(order, digest, consents.funder);

        uint256 claim = order.claim();
        _reduce(order, claim);
        emit Cancelled(order.id, claim);
        // Nothing is claimed any more, so the late charge is gone, the hold goes back and the order closes.
        _pay(order, 0, 0);
    }

    /// @inheritdoc IOrderChanges
    function credit(CreditNote calldata note, Consents calldata consents) external onlyInBook {
        OrderWords.Order memory order;
        _loadWhole(order, note.order);
        uint256 most = order.claim() - order.paid - order.disputed();
        if (note.amount == 0 || note.amount > most) revert CreditOutOfRange(note.amount, most);
        bytes32 digest = _digestUntil(note.hash(), note.deadline);
        uint256 buyer = OrderWords.buyerOf(order.terms);
        _requireConsent(buyer, BUYER, digest, consents.buyer, 0);
        _requireConsent(OrderWords.holderOf(order.terms), 0, digest, consents.holder, 0);
        (uint256 principal,) = _lentOf(order);
        if (principal != 0) _requireFunder(order, digest, consents.funder);
        if (!_nonces.spend(uint32(buyer), note.nonce)) revert ICreditLines.NonceUsed(uint32(buyer), note.nonce);

        uint256 late = _lateNow(order);
        _reduce(order, note.amount);
        emit Credited(order.id, note.amount, note.document);
        _refund(order, 0);
        _pay(order, late, 0);
    }

    function _requireVersion(OrderWords.Extension memory extension, uint256 id, uint16 version) private pure {
        bool isPresent = version == extension.amendments && version != type(uint16).max;
        if (!isPresent) revert VersionSuperseded(id, version, uint16(extension.amendments));
    }

    /// @dev Larger terms are new business, so both sides are asked for as at the acceptance, halts included.
    function _requireTraders(
        OrderWords.Order memory order,
        bytes32 digest,
        Consents calldata consents,
        uint256 locked
    ) private view {
        address buyerKey = Signature.actor(digest, consents.buyer);
        address supplierKey = Signature.actor(digest, consents.supplier);
        uint256 currency = OrderWords.currencyOf(order.terms);
        (uint256 buyer,, uint256 supplier,,,) = _network.counterparties(buyerKey, supplierKey, 0, locked, currency);
        if (buyer != OrderWords.buyerOf(order.terms)) {
            revert IReceivables.NotSignedBy(uint32(OrderWords.buyerOf(order.terms)));
        }
        if (supplier != _supplierOf(order)) revert IReceivables.NotSignedBy(uint32(_supplierOf(order)));
    }

    function _requireHolder(OrderWords.Order memory order, bytes32 digest, Consents calldata consents) private view {
        uint256 holder = OrderWords.holderOf(order.terms);
        if (holder != _supplierOf(order)) _requireConsent(holder, 0, digest, consents.holder, 0);
    }

    /// @dev Before any release; one that was taken back may have set a due date, a late charge or taken duty.
    function _checkAmendable(OrderWords.Order memory order) private view {
        _requireUndisputed(order);
        (, uint256 dutyPaid,,) = OrderWords.unpackDuty(_words[order.id].duty);
        bool isFresh = order.phase < uint256(Phase.Released) && order.released | order.paid | order.due | dutyPaid == 0
            && !order.has(OrderWords.LAPSED | OrderWords.LATE);
        if (!isFresh) revert NotAmendable(order.id);
    }

    function _checkTerms(OrderWords.Order memory order, Amendment calldata amendment) private view {
        (uint256 expiry, uint256 latest) = (amendment.expiry, block.timestamp + Bounds.LONGEST_LIFE);
        if (amendment.face <= order.reduced) revert IReceivables.FaceOutOfRange(amendment.face);
        if (expiry <= block.timestamp) revert IReceivables.OrderExpired(uint32(expiry));
        if (expiry > latest) revert IReceivables.ExpiryTooFar(uint32(expiry), uint32(latest));
        if (amendment.tenorDays > Bounds.LONGEST_TENOR) {
            revert IReceivables.TenorTooLong(amendment.tenorDays, Bounds.LONGEST_TENOR);
        }
        if (amendment.arbiter == 0) return;
        _network.requireStanding(amendment.arbiter, ARBITER);
        _requireOutsider(order, amendment.arbiter);
    }

    /// @dev A larger face stays within the offer's cap, a later end within its days, a smaller face above the loan (D09).
    function _checkReserve(OrderWords.Order memory order, uint256 former, uint256 principal) private view {
        uint256 terms = _termsOf(order.id, order.terms);
        (uint256 claim, uint256 cap) = (order.claim(), terms.orderCapOf());
        if (claim > former && order.face > cap) revert ICreditLines.OrderCapExceeded(order.face, cap);
        (uint256 last, uint256 latest) = _lifeOf(terms, order.terms);
        if (last > latest) revert ICreditLines.LifeTooLong(uint32(OrderWords.lineOf(order.terms)), last, latest);
        uint256 most = terms.mostOf(claim);
        if (principal > most) revert ICreditLines.AdvanceExceeded(order.id, principal, most);
    }

    function _setDutyCap(OrderWords.Order memory order, uint256 cap) private {
        (,, uint256 demanded, uint256 treasury) = OrderWords.unpackDuty(_words[order.id].duty);
        _words[order.id].duty = cap == 0 ? 0 : OrderWords.packDuty(cap, 0, demanded, treasury);
        if (cap == 0) order.clear(OrderWords.DUTY);
        else order.set(OrderWords.DUTY);
    }

    /// @return what the hold of an order funded at its acceptance lacks of the new face
    function _missing(OrderWords.Order memory order, uint256 face) private view returns (uint256) {
        if (OrderWords.fundByOf(order.terms) != uint256(FundBy.Accepted)) return 0;
        uint256 held = _ledger.balanceOf(uint16(OrderWords.currencyOf(order.terms)), order.id);
        return Waterfall.minusFloor(face - order.reduced, held);
    }

    /// @dev Cash that is locked follows the claim: less goes back, an order funded at its acceptance locks the rest.
    function _fitHold(OrderWords.Order memory order) private {
        uint256 missing = _missing(order, order.face);
        if (missing == 0) return _refund(order, 0);
        _lockAll(
            order.id,
            uint16(OrderWords.currencyOf(order.terms)),
            uint32(OrderWords.buyerOf(order.terms)),
            missing
        );
    }
}
