// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {IShareDesk} from "./interfaces/IShareDesk.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Phase, SettleOn} from "./lib/Terms.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Everything that is kept of an order, its line and its loan, in one storage
/// @dev Receivables is the book. Its modules inherit this and run in its storage by delegatecall, so nothing that
/// stands beside it may declare a variable: a test compares the layouts.
abstract contract OrderBook {
    using Legs for uint256;
    using OrderWords for OrderWords.Order;

    /// @dev New words are appended, never inserted.
    struct Words {
        uint256 sums;
        uint256 terms;
        uint256 duty;
        uint256 late;
        uint256 loan;
        uint256 extension;
        uint256 split;
        uint256 undertaking;
    }

    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    ITrustedNetwork internal immutable _network;
    ICashLedger internal immutable _ledger;
    address internal immutable _book;
    uint256 private immutable _chain;
    bytes32 private immutable _domain;

    mapping(uint256 order => Words) internal _words;
    mapping(uint256 lineAndVersion => uint256) internal _terms;
    mapping(uint256 line => uint256) internal _usage;
    mapping(uint256 member => uint256) internal _held;
    NonceMap.Spent internal _nonces;
    uint32 internal _lines;

    /// @dev A module's own storage is empty and its own address has no cash to move; still nobody writes there.
    modifier onlyInBook() {
        if (address(this) != _book) revert IReceivables.NotInBook();
        _;
    }

    constructor(address network, address ledger, address book) {
        _network = ITrustedNetwork(network);
        _ledger = ICashLedger(ledger);
        _book = book;
        _chain = block.chainid;
        _domain = _domainOf(book);
    }

    /// @dev One domain for all that is signed for the book, whichever module reads it.
    function _domainSeparator() internal view returns (bytes32) {
        return block.chainid == _chain ? _domain : _domainOf(_book);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_domainSeparator(), structHash);
    }

    /// @dev For verbs on whole orders: no share, and not closed.
    function _loadOpen(OrderWords.Order memory order, uint256 id) internal view {
        _load(order, id);
        _checkOpen(order);
    }

    function _checkOpen(OrderWords.Order memory order) internal pure {
        if (ShareWords.numberOf(order.id) != 0) revert IShareDesk.IsShare(order.id);
        if (order.phase == uint256(Phase.Closed)) revert IReceivables.OrderClosed(order.id);
    }

    function _load(OrderWords.Order memory order, uint256 id) internal view {
        (uint256 sums, uint256 terms) = _wordsOf(id);
        order.load(id, sums, terms);
        if (order.has(OrderWords.EXTENDED)) order.extension = _words[id].extension;
        if (order.has(OrderWords.SPLIT)) _loadSplit(order);
    }

    /// @dev F0 stands in the split's word; a share has state, due date and releases from its order.
    function _loadSplit(OrderWords.Order memory order) internal view {
        Words storage words = _words[ShareWords.orderOf(order.id)];
        order.whole = ShareWords.wholeOf(words.split);
        if (ShareWords.numberOf(order.id) == 0) return;
        uint256 terms = words.terms;
        order.released = OrderWords.releasedOf(words.sums);
        (order.due, order.phase) = (OrderWords.dueOf(terms), OrderWords.phaseOf(terms));
        // What a share has no word for stays with the order.
        order.flags = OrderWords.flagsOf(terms) & (OrderWords.HOLD | OrderWords.LAPSED | OrderWords.SPLIT);
    }

    function _wordsOf(uint256 id) internal view returns (uint256 sums, uint256 terms) {
        Words storage words = _words[id];
        terms = words.terms;
        if (terms == 0) revert IReceivables.UnknownOrder(id);
        sums = words.sums;
    }

    function _store(OrderWords.Order memory order) internal {
        Words storage words = _words[order.id];
        words.sums = order.packSums();
        words.terms = order.packTerms();
    }

    /// @return Y of R3
    function _payable(OrderWords.Order memory order) internal view returns (uint256) {
        return _isConditionMet(order) ? _duePart(order) : 0;
    }

    /// @dev Y once the order's condition is met, of all leaves where it is split.
    function _duePart(OrderWords.Order memory order) internal view virtual returns (uint256) {
        return _leafDue(order);
    }

    /// @dev The same of one leaf: nothing before the due date, where there is a tenor.
    function _leafDue(OrderWords.Order memory order) internal view returns (uint256) {
        if (OrderWords.tenorOf(order.terms) != 0 && (order.due == 0 || block.timestamp < order.due)) return 0;
        unchecked {
            // R3: both are parts of a face.
            return Waterfall.minusFloor(_delivered(order), order.paid + order.disputed());
        }
    }

    /// @return the order's late charge with everything since its last count, at the signed rate (R6)
    function _lateNow(OrderWords.Order memory order) internal view returns (uint256) {
        if (!order.has(OrderWords.LATE)) return 0;
        uint256 word = _words[order.id].late;
        (uint256 accrued, uint256 since) = OrderWords.unpackLate(word);
        uint256 span = Clock.time() - since - (_frozenUntilNow(order) - OrderWords.frozenOf(word));
        uint256 bps = OrderWords.lateBpsOf(order.terms);
        return Interest.accrueUp(accrued, _payable(order), bps, span, Interest.LATE_BASIS);
    }

    function _frozenUntilNow(OrderWords.Order memory order) internal view returns (uint256) {
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        return _ledger.secondsFrozen(uint16(currency), uint32(buyer));
    }

    /// @dev What of the hold and the buyer's free cash may be paid: the hold without the disputed part (R5).
    function _cashFor(OrderWords.Order memory order)
        internal
        view
        returns (uint256 held, uint256 free, bool isFrozen)
    {
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        if (order.has(OrderWords.FUNDED | OrderWords.EXTENDED)) {
            (held, free, isFrozen) = _ledger.available(uint16(currency), order.id, buyer);
            held = Waterfall.minusFloor(held, order.disputed());
        } else {
            (free, isFrozen) = _ledger.freeOf(uint16(currency), buyer);
        }
    }

    function _moveOne(uint256 currency, uint256 from, uint256 to, uint256 amount) internal {
        uint256 legs = Legs.start(currency);
        legs.add(from, to, amount);
        legs.send(_ledger);
    }

    /// @dev What a lapse cuts: of the claim what is neither delivered nor paid (R4).
    function _undelivered(OrderWords.Order memory order) internal pure returns (uint256) {
        uint256 delivered = _delivered(order);
        return order.claim() - (delivered > order.paid ? delivered : order.paid);
    }

    function _isConditionMet(OrderWords.Order memory order) internal pure returns (bool) {
        bool isOnRelease = OrderWords.settleOnOf(order.terms) == uint256(SettleOn.Release);
        return !order.has(OrderWords.HOLD) && order.phase >= uint256(isOnRelease ? Phase.Released : Phase.Cleared)
            && !_isArrivalOpen(order);
    }

    /// @return whether the order waits for a carrier's word
    function _isArrivalOpen(OrderWords.Order memory order) internal pure returns (bool) {
        return OrderWords.settleOnOf(order.terms) == uint256(SettleOn.Arrival) && !order.hasArrived();
    }

    function _delivered(OrderWords.Order memory order) internal pure returns (uint256) {
        return Waterfall.deliveredDown(
            order.whole, order.face, order.claim(), order.released, order.has(OrderWords.LAPSED)
        );
    }

    function _domainOf(address book) private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, keccak256("Hanse"), keccak256("1"), block.chainid, book));
    }
}
