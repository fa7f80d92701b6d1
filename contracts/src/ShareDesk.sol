// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {LoanBook} from "./LoanBook.sol";
import {OrderBook} from "./OrderBook.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IOrderChanges} from "./interfaces/IOrderChanges.sol";
import {IReceivableRenderer} from "./interfaces/IReceivableRenderer.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {IShareDesk} from "./interfaces/IShareDesk.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Signature} from "./lib/Signature.sol";
import {Assignment, Split} from "./lib/ShareTerms.sol";
import {FUNDER, Phase, SIGN_ORDER, SUPPLIER} from "./lib/Terms.sol";
import {TokenSymbol} from "./lib/TokenSymbol.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title Who holds a receivable: assignment, shares, transfers as a wallet makes them: a module of Receivables
/// @dev One rule for all ways (I-08, P30): the holder itself, nothing released, no principal, to a member in good
/// standing that may hold.
contract ShareDesk is LoanBook, IShareDesk {
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using NonceMap for NonceMap.Spent;
    using OrderWords for OrderWords.Order;
    using TypedHash for Assignment;
    using TypedHash for Split;

    IReceivableRenderer private immutable _renderer;

    constructor(address network, address ledger, address receivables, address renderer)
        OrderBook(network, ledger, receivables)
    {
        _renderer = IReceivableRenderer(renderer);
    }

    /// @inheritdoc IShareDesk
    function assign(Assignment calldata assignment, bytes calldata signature) external onlyInBook {
        if (block.timestamp > assignment.deadline) revert IReceivables.SignatureExpired(assignment.deadline);
        OrderWords.Order memory order;
        _loadMovable(order, assignment.order);
        uint256 claim = order.claim() - order.paid;
        if (claim != assignment.claim) revert ClaimDiffers(assignment.claim, claim);
        address key = Signature.actor(_digest(assignment.hash()), signature);
        uint256 from = _requireHolder(order, key, assignment.holder, claim);
        if (!_nonces.spend(uint32(from), assignment.nonce)) {
            revert ICreditLines.NonceUsed(uint32(from), assignment.nonce);
        }
        _hand(order, from, assignment.to, claim);
    }

    /// @inheritdoc IShareDesk
    function split(Split calldata request, bytes calldata signature) external onlyInBook {
        if (block.timestamp > request.deadline) revert IReceivables.SignatureExpired(request.deadline);
        OrderWords.Order memory order;
        _loadMovable(order, request.order);
        if (ShareWords.numberOf(order.id) != 0) revert IsShare(order.id);
        // What a lapse cut is in the order's own leaf, of which the shares must have their part (R2).
        if (order.has(OrderWords.LAPSED)) revert OrderLapsed(order.id);
        uint256 claim = order.claim();
        address key = Signature.actor(_digest(request.hash()), signature);
        _requireHolder(order, key, request.holder, claim - order.paid);
        uint256 given = _issue(order, request);
        // The order stays a leaf: something must be left to it.
        if (given >= claim) revert SharesExceedClaim(given, claim);
        order.face -= given;
        // R10 with the smaller claim (P09).
        _resizeReserve(order.id, order.terms, claim, order.claim());
        order.set(OrderWords.SPLIT);
        _store(order);
    }

    /// @inheritdoc IShareDesk
    function transferFrom(address from, address to, uint256 id) external onlyInBook {
        _transfer(from, to, id);
    }

    /// @inheritdoc IShareDesk
    function safeTransferFrom(address from, address to, uint256 id) external onlyInBook {
        _transfer(from, to, id);
        _ask(from, to, id, "");
    }

    /// @inheritdoc IShareDesk
    function safeTransferFrom(address from, address to, uint256 id, bytes calldata payload) external onlyInBook {
        _transfer(from, to, id);
        _ask(from, to, id, payload);
    }

    /// @inheritdoc IShareDesk
    function sharesOf(uint256 id) external view returns (Share[] memory shares) {
        OrderWords.Order memory order;
        _load(order, id);
        uint256 count = ShareWords.countOf(_words[id].split);
        shares = new Share[](count);
        uint16 currency = uint16(OrderWords.currencyOf(order.terms));
        // at most eight shares
        for (uint256 i; i < count; ++i) {
            OrderWords.Order memory share;
            _load(share, id | (i + 1));
            shares[i] = Share({
                order: id,
                number: uint8(i + 1),
                holder: uint32(OrderWords.holderOf(share.terms)),
                face: uint56(share.face),
                reduced: uint56(share.reduced),
                paid: uint56(share.paid),
                aside: uint56(_ledger.balanceOf(currency, share.id)),
                settlements: uint16(share.settlements),
                isClosed: share.phase == uint256(Phase.Closed)
            });
        }
    }

    /// @inheritdoc IShareDesk
    function tokenURI(uint256 id) external view returns (string memory) {
        OrderWords.Order memory order;
        _load(order, id);
        uint256 terms = order.terms;
        uint16 currency = uint16(OrderWords.currencyOf(terms));
        (address token,, uint8 exponent) = _ledger.tokenOf(currency);
        uint32 holder = uint32(OrderWords.holderOf(terms));
        IReceivableRenderer.Picture memory picture;
        (picture.id, picture.share) = (id, uint8(ShareWords.numberOf(id)));
        (picture.phase, picture.isHeld) = (Phase(order.phase), order.has(OrderWords.HOLD));
        (picture.currency, picture.exponent, picture.symbol) = (currency, exponent, TokenSymbol.read(token));
        (picture.face, picture.reduced, picture.paid) =
            (uint56(order.face), uint56(order.reduced), uint56(order.paid));
        (picture.due, picture.expiry) = (uint32(order.due), uint32(OrderWords.expiryOf(terms)));
        (picture.buyer, picture.holder) = (uint32(OrderWords.buyerOf(terms)), holder);
        picture.account = _network.accountOf(holder);
        return _renderer.render(picture);
    }

    function _transfer(address from, address to, uint256 id) private {
        OrderWords.Order memory order;
        _loadMovable(order, id);
        uint256 holder = OrderWords.holderOf(order.terms);
        if (_network.accountOf(uint32(holder)) != from) revert NotHolder(from);
        uint256 claim = order.claim() - order.paid;
        _requireHolder(order, msg.sender, holder, claim);
        uint32 receiver = _network.keyOf(to).member;
        // Members' other keys own nothing, strangers neither.
        if (receiver == 0 || _network.accountOf(receiver) != to) revert ITrustedNetwork.UnknownMember(0);
        _hand(order, holder, receiver, claim);
    }

    /// @dev Last of all, when everything is written: what a receiver does in between finds a finished transfer (P20).
    function _ask(address from, address to, uint256 id, bytes memory payload) private {
        if (to.code.length == 0) return;
        bytes memory question = abi.encodeCall(IERC721Receiver.onERC721Received, (msg.sender, from, id, payload));
        (bool isDone, bytes memory answer) = to.call(question);
        // Exactly the magic value: no answer at all is none.
        if (!isDone || answer.length < 32) revert ReceiverRefused(to);
        if (abi.decode(answer, (bytes32)) != IERC721Receiver.onERC721Received.selector) revert ReceiverRefused(to);
    }

    /// @dev The order or share, while nothing of it was released, paid or lent.
    function _loadMovable(OrderWords.Order memory order, uint256 id) private view {
        _load(order, id);
        if (order.phase == uint256(Phase.Closed)) revert IReceivables.OrderClosed(id);
        if (order.released | order.paid != 0) revert AlreadyReleased(id);
        if (order.disputed() != 0) revert IOrderChanges.UnderDispute(id);
        uint256 principal = uint56(_words[id].loan);
        if (principal != 0) revert PrincipalOutstanding(id, principal);
    }

    /// @dev Its key may move so much, and its standing is asked now, whatever it was when it became holder (P33).
    function _requireHolder(OrderWords.Order memory order, address key, uint256 named, uint256 amount)
        private
        view
        returns (uint256 holder)
    {
        (holder,,) = _network.party(key, SIGN_ORDER, 0, amount);
        if (holder != named || holder != OrderWords.holderOf(order.terms)) {
            revert IReceivables.NotSignedBy(uint32(named));
        }
        // Whose cash is frozen must not carry its claims away instead (P35).
        uint16 currency = uint16(OrderWords.currencyOf(order.terms));
        (, bool isFrozen) = _ledger.freeOf(currency, holder);
        if (isFrozen) revert ICashLedger.AccountFrozen(currency, holder);
    }

    function _hand(OrderWords.Order memory order, uint256 from, uint256 to, uint256 claim) private {
        if (to == from) revert IReceivables.PartiesNotDistinct();
        _requireReceiver(order, to);
        if (ShareWords.numberOf(order.id) == 0) {
            if (OrderWords.lineOf(order.terms) != 0 && !order.has(OrderWords.DRAWS_CLOSED)) {
                // What was reserved was reserved for the former holder (P09).
                _payLoan(order.id, order.terms, order.claim(), 0);
            }
            order.set(OrderWords.DRAWS_CLOSED);
            _rememberSupplier(order, from);
            order.terms = OrderWords.withHolder(order.terms, to);
            _words[order.id].terms = order.packTerms();
        } else {
            _words[order.id].terms = OrderWords.withHolder(order.terms, to);
        }
        unchecked {
            // The former holder has at least this one.
            --_held[from];
            ++_held[to];
        }
        emit Assigned(order.id, uint32(from), uint32(to), claim);
        emit IERC721.Transfer(_network.accountOf(uint32(from)), _network.accountOf(uint32(to)), order.id);
    }

    /// @dev A supplier or a funder in good standing, and not the buyer, who would owe itself.
    function _requireReceiver(OrderWords.Order memory order, uint256 to) private view {
        if (to == OrderWords.buyerOf(order.terms)) revert IReceivables.PartiesNotDistinct();
        if (!_network.hasStanding(uint32(to), FUNDER)) _network.requireStanding(uint32(to), SUPPLIER);
    }

    /// @return given the sum of the shares' faces
    function _issue(OrderWords.Order memory order, Split calldata request) private returns (uint256 given) {
        LoanWord.Loan memory loan;
        loan.load(_words[order.id].loan);
        if (loan.draws != 0) revert PrincipalOutstanding(order.id, loan.principal);
        uint256 word = _words[order.id].split;
        uint256 present = ShareWords.countOf(word);
        uint256 count = request.holders.length;
        uint256 total = present + count;
        if (count == 0 || count != request.faces.length || total > ShareWords.MOST) {
            revert SharesOutOfRange(total, ShareWords.MOST);
        }
        // Names the shares it makes, so that it makes them once.
        if (request.first != present + 1) revert ShareOutOfOrder(request.first, uint8(present + 1));
        _words[order.id].split = ShareWords.packSplit(order.whole, total, ShareWords.supplierOf(word));
        // at most eight shares, as was tested
        for (uint256 i; i < count; ++i) {
            (uint256 holder, uint256 face) = (request.holders[i], request.faces[i]);
            if (face == 0) revert IReceivables.FaceOutOfRange(0);
            _requireReceiver(order, holder);
            given += face;
            _mintShare(order, order.id | (present + i + 1), holder, face);
        }
    }

    function _mintShare(OrderWords.Order memory order, uint256 id, uint256 holder, uint256 face) private {
        _words[id].sums = face;
        _words[id].terms = OrderWords.asShare(order.terms, holder);
        unchecked {
            // Counts tokens.
            ++_held[holder];
        }
        emit ShareIssued(order.id, id, uint32(holder), face);
        emit IERC721.Transfer(address(0), _network.accountOf(uint32(holder)), id);
    }

    /// @dev Who sold the goods signs changes of the order, whoever holds it.
    function _rememberSupplier(OrderWords.Order memory order, uint256 holder) private {
        uint256 word = _words[order.id].split;
        if (ShareWords.supplierOf(word) != 0) return;
        _words[order.id].split =
            ShareWords.packSplit(ShareWords.wholeOf(word), ShareWords.countOf(word), holder);
    }
}
