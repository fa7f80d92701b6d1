// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {OrderBook} from "./OrderBook.sol";
import {OrderSettlement} from "./OrderSettlement.sol";
import {ReceivableToken} from "./ReceivableToken.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Bounds} from "./lib/Bounds.sol";
import {Clock} from "./lib/Clock.sol";
import {Fingerprint} from "./lib/Fingerprint.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {Modules} from "./lib/Modules.sol";
import {OrderNumber} from "./lib/OrderNumber.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {Acceptance, Attestation, Draw, FundBy, Phase, PurchaseOrder} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Orders as receivables: the verbs of every day, and the door to the modules
contract Receivables is IReceivables, OrderSettlement, ReceivableToken {
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using MessageHashUtils for bytes32;
    using OrderWords for OrderWords.Order;
    using TypedHash for Acceptance;
    using TypedHash for Draw;
    using TypedHash for PurchaseOrder;

    /// @dev Who meets at an acceptance, and what the network says about them.
    struct Parties {
        address buyerKey;
        address supplierKey;
        uint256 line;
        uint256 version;
        uint256 lineTerms;
        uint256 locked; // of the buyer's cash
        uint256 currency;
        uint256 lanes;
        address account; // the supplier's
    }

    address private immutable _clearance;
    address private immutable _orderDesk;
    address private immutable _creditLines;
    address private immutable _shareDesk;
    address private immutable _settlementDesk;
    IReceivables public immutable predecessor;

    constructor(
        address network,
        address ledger,
        address clearanceOracle,
        address predecessor_,
        address orderDesk,
        address creditLines,
        address shareDesk,
        address settlementDesk
    ) OrderBook(network, ledger, address(this)) {
        _clearance = clearanceOracle;
        predecessor = IReceivables(predecessor_);
        _orderDesk = orderDesk;
        _creditLines = creditLines;
        _shareDesk = shareDesk;
        _settlementDesk = settlementDesk;
    }

    /// @dev All other verbs run here with a module's code; which code, this contract's own code says.
    fallback() external {
        uint256 number = Modules.numberOf(msg.sig);
        if (number == 0) revert UnknownVerb(msg.sig);
        if (number == Modules.SHARE_DESK) _runIn(_shareDesk);
        if (number == Modules.SETTLEMENT_DESK) _runIn(_settlementDesk);
        _runIn(number == Modules.ORDER_DESK ? _orderDesk : _creditLines);
    }

    /// @inheritdoc IReceivables
    function accept(
        PurchaseOrder calldata order,
        Acceptance calldata acceptance,
        bytes calldata buyerSignature,
        bytes calldata supplierSignature
    ) external returns (uint256 id) {
        string calldata number = order.number;
        (uint256 buyer, uint256 supplier) = (order.buyer, order.supplier);
        if (buyer == supplier) revert PartiesNotDistinct();
        _checkTerms(order, number);
        if (block.timestamp > acceptance.deadline) revert SignatureExpired(acceptance.deadline);
        bytes32 numberHash = keccak256(bytes(number));
        bytes32 signed = order.hash(numberHash);
        if (acceptance.order != signed) revert AcceptanceOfOtherOrder();
        Parties memory parties;
        parties.line = acceptance.line;
        parties.version = parties.line == 0 ? 0 : acceptance.version;
        parties.lineTerms = parties.line == 0 ? 0 : _terms[_key(parties.line, parties.version)];
        parties.currency = order.currency;
        parties.locked = order.fundBy == FundBy.Accepted ? order.face : 0;
        {
            bytes32 domain = _domainSeparator();
            parties.buyerKey = Signature.actor(domain.toTypedDataHash(signed), buyerSignature);
            parties.supplierKey = Signature.actor(domain.toTypedDataHash(acceptance.hash()), supplierSignature);
        }
        id = _meet(parties, buyer, supplier, numberHash, order.year);
        Words storage words = _words[id];
        if (words.terms != 0 || _isOfPredecessor(id)) revert AlreadyAccepted(id);

        uint256 terms = _open(words, order, buyer | supplier << 32 | parties.line << 64 | parties.version << 224);
        _tell(id, order, number, signed, terms);
        _mint(supplier, parties.account, id);
        if (parties.line == 0) {
            // Reverts for a currency the ledger does not know (P04); a line's currency was asked when it opened.
            _ledger.tokenOf(order.currency);
        } else {
            _reserve(id, parties.lineTerms, terms, order.face, parties.lanes);
        }
        if (parties.locked != 0) _lockAll(id, order.currency, order.buyer, parties.locked);
    }

    /// @inheritdoc IReceivables
    function record(Attestation calldata attestation, uint32 treasury) external {
        if (msg.sender != _clearance) revert NotClearanceOracle(msg.sender);
        OrderWords.Order memory order;
        _load(order, attestation.order);
        if (order.has(OrderWords.SPLIT | OrderWords.EXTENDED)) _runIn(_settlementDesk);
        _record(order, attestation, treasury);
    }

    /// @inheritdoc IReceivables
    function settle(uint256 id) external {
        OrderWords.Order memory order;
        _load(order, id);
        if (order.has(OrderWords.SPLIT | OrderWords.EXTENDED)) _runIn(_settlementDesk);
        _settle(order);
    }

    /// @inheritdoc IReceivables
    function draw(Draw calldata request, bytes calldata signature) external {
        if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
        (uint256 id, uint256 amount) = (request.order, request.amount);
        (uint256 sums, uint256 order) = _wordsOf(id);
        address key = Signature.actor(_digest(request.hash()), signature);
        uint256 terms = _termsOf(id, order);
        uint256 supplier = _network.borrower(
            key, amount, OrderWords.buyerOf(order), terms.funderOf(), OrderWords.currencyOf(order)
        );
        if (supplier != OrderWords.holderOf(order)) revert NotSignedBy(uint32(OrderWords.holderOf(order)));
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        if (request.index != loan.draws) revert ICreditLines.DrawIndexUsed(request.index, uint16(loan.draws));
        if (OrderWords.hasFlag(order, OrderWords.HOLD) || !_isDrawable(id, order, loan)) {
            revert ICreditLines.DrawsClosed(id);
        }
        uint256 most = _advanceLeft(sums, order, terms, loan.principal);
        if (amount > most) revert ICreditLines.AdvanceExceeded(id, amount, most);
        if (amount == 0) revert ICreditLines.InvalidTerms();

        if (loan.draws == 0) {
            (loan.rateBps, loan.isAct365) = (terms.rateBpsOf(), terms.isAct365());
            loan.use = terms.mostOf(OrderWords.claimOf(sums));
            loan.since = Clock.time();
        } else {
            _accrue(loan, order);
        }
        uint256 fee = Waterfall.shareUp(amount, terms.feeBpsOf());
        unchecked {
            // R9 was tested: principal stays below a face, draws below their bound, the fee below the amount.
            loan.principal += amount;
            ++loan.draws;
            _words[id].loan = loan.pack();
            emit ICreditLines.Drawn(id, request.index, amount, fee, loan.principal, loan.accrued);
            _payOut(order, id, terms, supplier, amount, fee);
        }
    }

    /// @inheritdoc IReceivables
    function wordsOf(uint256 id) external view returns (uint256 sums, uint256 terms) {
        return (_words[id].sums, _words[id].terms);
    }

    /// @inheritdoc IReceivables
    function isKnown(uint256 id) external view returns (bool) {
        return _words[id].terms != 0 || _isOfPredecessor(id);
    }

    /// @dev The whole call, with a module's code in this storage; never comes back.
    function _runIn(address module) private {
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, 0, calldatasize())
            let isDone := delegatecall(gas(), module, place, calldatasize(), 0, 0)
            returndatacopy(place, 0, returndatasize())
            if iszero(isDone) { revert(place, returndatasize()) }
            return(place, returndatasize())
        }
    }

    function _isOfPredecessor(uint256 id) private view returns (bool) {
        return address(predecessor) != address(0) && predecessor.isKnown(id);
    }

    /// @dev Whose signatures they are, and whether all are in good standing now, the line's funder with them.
    function _meet(Parties memory parties, uint256 buyer, uint256 supplier, bytes32 numberHash, uint256 year)
        private
        view
        returns (uint256 id)
    {
        uint256 signer;
        uint256 other;
        bytes20 buyerLei;
        bytes20 supplierLei;
        (signer, buyerLei, other, supplierLei, parties.lanes, parties.account) = _network.counterparties(
            parties.buyerKey,
            parties.supplierKey,
            parties.lineTerms.funderOf(),
            parties.locked,
            parties.currency
        );
        if (signer != buyer) revert NotSignedBy(uint32(buyer));
        if (other != supplier) revert NotSignedBy(uint32(supplier));
        return Fingerprint.made(buyerLei, supplierLei, numberHash, year);
    }

    function _checkTerms(PurchaseOrder calldata order, string calldata number) private view {
        if (block.timestamp > order.deadline) revert SignatureExpired(order.deadline);
        uint256 expiry = order.expiry;
        unchecked {
            // Below zero where it is past, which is more than any life.
            if (expiry - block.timestamp - 1 >= Bounds.LONGEST_LIFE) _refuseExpiry(uint32(expiry));
        }
        if (order.face == 0) revert FaceOutOfRange(0);
        if (order.tenorDays > Bounds.LONGEST_TENOR) revert TenorTooLong(order.tenorDays, Bounds.LONGEST_TENOR);
        if (!OrderNumber.isCanonical(number)) revert NumberNotCanonical(number);
    }

    function _refuseExpiry(uint32 expiry) private view {
        if (block.timestamp >= expiry) revert OrderExpired(expiry);
        revert ExpiryTooFar(expiry, uint32(block.timestamp + Bounds.LONGEST_LIFE));
    }

    /// @dev The first words of an order. The fields keep their widths by their types.
    /// @param parties buyer, supplier, line and version in their places
    function _open(Words storage words, PurchaseOrder calldata order, uint256 parties)
        private
        returns (uint256 terms)
    {
        uint256 fundBy = uint256(order.fundBy);
        uint256 flags = fundBy == uint256(FundBy.Accepted) ? OrderWords.FUNDED : 0;
        uint256 cap = order.dutyCap;
        if (cap != 0) {
            flags |= OrderWords.DUTY;
            words.duty = OrderWords.packDuty(cap, 0, 0, 0);
        }
        terms = parties | OrderWords.opening(order, flags, uint256(Phase.Accepted), fundBy);
        words.sums = order.face;
        words.terms = terms;
    }

    /// @dev emit Accepted, with the order's words as they came: they are its encoding already, every field narrower
    /// than its word was read above, and the number is at most one word.
    function _tell(
        uint256 id,
        PurchaseOrder calldata order,
        string calldata number,
        bytes32 signed,
        uint256 terms
    ) private {
        bytes32 topic = Accepted.selector;
        (uint256 line, uint256 version) = (OrderWords.lineOf(terms), OrderWords.versionOf(terms));
        (uint256 buyer, uint256 supplier) = (OrderWords.buyerOf(terms), OrderWords.holderOf(terms));
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, signed)
            mstore(add(at, 32), 128)
            mstore(add(at, 64), line)
            mstore(add(at, 96), version)
            calldatacopy(add(at, 128), order, 480)
            mstore(add(at, 192), 480)
            mstore(add(at, 608), number.length)
            mstore(add(at, 640), 0)
            calldatacopy(add(at, 640), number.offset, number.length)
            log4(at, 672, topic, id, buyer, supplier)
        }
    }
}
