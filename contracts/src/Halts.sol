// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MemberBook} from "./MemberBook.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {MemberWords} from "./lib/MemberWords.sol";
import {HaltOn} from "./lib/Terms.sol";

/// @title Halts of new business: of the whole network, of one member, of one currency (I-30)
/// @dev The gate is one word, zero while nothing is halted, so that open doors cost one read.
///
/// gate  network halted until 48 | retired 1 | waits for the predecessor 1 | free 14 | halted currencies 16
/// halt  until 48 | marked in gate or member 1
abstract contract Halts is MemberBook, AccessManaged {
    using MemberWords for uint256;

    // A guardian's halt lapses after it, and is not repeated within it: what is to last, governance confirms.
    uint256 private constant LAPSE = 7 days;
    uint256 private constant FOREVER = type(uint48).max;
    uint256 private constant RETIRED = 1 << 48;
    uint256 private constant WAITING = 1 << 49;
    uint256 private constant STANDS = 1 << 48;
    uint256 private constant ONE_CURRENCY = 1 << 64;
    uint256 private constant LAST_CURRENCY = 999;

    /// @inheritdoc ITrustedNetwork
    address public immutable predecessor;

    uint256 private _gate;
    mapping(uint256 subject => uint256) private _halts;

    constructor(address predecessor_) {
        predecessor = predecessor_;
        // No order may be accepted in both (I-05).
        if (predecessor_ != address(0)) _gate = WAITING;
    }

    /// @inheritdoc ITrustedNetwork
    function halt(HaltOn on, uint32 subject) external restricted {
        uint256 until = uint48(_haltWord(on, subject));
        if (until != 0 && block.timestamp < until + LAPSE) revert HaltedBefore(on, subject, uint48(until));
        _setHalt(on, subject, block.timestamp + LAPSE);
    }

    /// @inheritdoc ITrustedNetwork
    function confirmHalt(HaltOn on, uint32 subject) external restricted {
        _setHalt(on, subject, FOREVER);
    }

    /// @inheritdoc ITrustedNetwork
    function liftHalt(HaltOn on, uint32 subject) external {
        uint256 until = uint48(_haltWord(on, subject));
        // What has lapsed anyone may clear away; what still stands is governance's.
        if (block.timestamp < until) {
            _checkCanCall(msg.sender, msg.data);
            until = block.timestamp;
        }
        _clearHalt(on, subject, until);
    }

    /// @inheritdoc ITrustedNetwork
    function retire() external restricted {
        _gate |= RETIRED;
        emit NetworkRetired();
    }

    /// @inheritdoc ITrustedNetwork
    function begin() external {
        if (_gate & WAITING == 0 || !ITrustedNetwork(predecessor).isRetired()) revert PredecessorInBusiness(predecessor);
        _gate &= ~WAITING;
        emit NetworkBegun(predecessor);
    }

    /// @inheritdoc ITrustedNetwork
    function requireOpen(uint16 currency) external view {
        _requireOpen(currency);
    }

    /// @inheritdoc ITrustedNetwork
    function isTrading(uint32 member, uint16 role, uint16 currency) external view returns (bool) {
        uint256 known = _members[member];
        bool isHalted = known.isHalted() && !_isOver(HaltOn.Member, member);
        bool isClosed = _gate & (RETIRED | WAITING) != 0 || !_isOver(HaltOn.Network, 0);
        if (isHalted || isClosed || !_isOver(HaltOn.Currency, currency)) return false;
        return _isStanding(known) && known.rolesOf() & role == role;
    }

    /// @inheritdoc ITrustedNetwork
    function isRetired() external view returns (bool) {
        return _gate & RETIRED != 0;
    }

    /// @inheritdoc ITrustedNetwork
    function haltOf(HaltOn on, uint32 subject) external view returns (uint48 until) {
        return uint48(_haltWord(on, subject));
    }

    /// @param currency 0: not asked about
    function _requireOpen(uint256 currency) internal view {
        uint256 gate = _gate;
        if (gate != 0) _checkGate(gate, currency);
    }

    /// @dev Who may do new business: in good standing, in its role, and not halted.
    function _trading(uint32 member, uint16 role) internal view returns (uint256 known) {
        known = _members[member];
        if (!known.isPlainlyActive()) _checkHalted(member, known);
        if (block.timestamp > known.validUntilOf()) revert NotInGoodStanding(member);
        if (known.rolesOf() & role != role) revert RoleMissing(member, role);
    }

    function _checkHalted(uint32 member, uint256 known) private view {
        if (known.statusOf() != ACTIVE) revert NotInGoodStanding(member);
        _requireLapsed(HaltOn.Member, member, _haltWord(HaltOn.Member, member));
    }

    function _checkGate(uint256 gate, uint256 currency) private view {
        if (gate & RETIRED != 0) revert NetworkIsRetired();
        if (gate & WAITING != 0) revert PredecessorInBusiness(predecessor);
        _requireLapsed(HaltOn.Network, 0, gate);
        if (currency == 0 || gate < ONE_CURRENCY) return;
        _requireLapsed(HaltOn.Currency, uint32(currency), _haltWord(HaltOn.Currency, uint32(currency)));
    }

    function _requireLapsed(HaltOn on, uint32 subject, uint256 word) private view {
        uint48 until = uint48(word);
        if (block.timestamp < until) revert NewBusinessHalted(on, subject, until);
    }

    function _isOver(HaltOn on, uint32 subject) private view returns (bool) {
        return block.timestamp >= uint48(_haltWord(on, subject));
    }

    function _haltWord(HaltOn on, uint32 subject) private view returns (uint256) {
        return _halts[_key(on, subject)];
    }

    function _setHalt(HaltOn on, uint32 subject, uint256 until) private {
        bool isFresh = _haltWord(on, subject) & STANDS == 0;
        if (on == HaltOn.Network) {
            if (subject != 0) revert SubjectUnknown(on, subject);
            _gate = (_gate & ~FOREVER) | until;
        } else if (on == HaltOn.Member) {
            _requireKnown(subject);
            _members[subject] = _members[subject].withHalt(true);
        } else {
            if (subject == 0 || subject > LAST_CURRENCY) revert SubjectUnknown(on, subject);
            if (isFresh) _gate += ONE_CURRENCY;
        }
        _halts[_key(on, subject)] = until | STANDS;
        emit HaltSet(on, subject, uint48(until));
    }

    /// @dev The time it ended stays, so that the guardian does not repeat it at once.
    function _clearHalt(HaltOn on, uint32 subject, uint256 until) private {
        if (_haltWord(on, subject) & STANDS == 0) revert NotHalted(on, subject);
        if (on == HaltOn.Network) _gate &= ~FOREVER;
        else if (on == HaltOn.Member) _members[subject] = _members[subject].withHalt(false);
        else _gate -= ONE_CURRENCY;
        _halts[_key(on, subject)] = until;
        emit HaltLifted(on, subject);
    }

    function _key(HaltOn on, uint32 subject) private pure returns (uint256) {
        return uint256(on) << 32 | subject;
    }
}
