// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {MemberWords} from "./lib/MemberWords.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {ALL_SCOPES, KEYS, Status} from "./lib/Terms.sol";

/// @title What TrustedNetwork keeps of members and keys, and how both are asked
abstract contract MemberBook is ITrustedNetwork {
    using MemberWords for uint256;

    uint8 internal constant ACTIVE = uint8(Status.Active);
    uint56 internal constant NO_LIMIT = type(uint56).max;

    mapping(uint32 member => uint256) internal _members;
    mapping(address key => uint256) internal _keys;
    mapping(uint32 member => address) internal _accounts;
    NonceMap.Spent internal _nonces;

    function _writeKey(address key, uint32 member, uint16 scopes, uint56 limit) internal {
        _keys[key] = MemberWords.packKey(member, scopes, ACTIVE, limit, _accounts[member] == key);
        emit KeySet(key, member, scopes, limit);
    }

    /// @dev Revoking bites at once, and for ever: a key that was given up may be in wrong hands.
    function _killKey(address key, uint256 known) internal {
        _keys[key] = known.withStatus(uint8(Status.Expelled));
        emit KeyRevoked(key, known.memberOf());
    }

    function _validKey(address key, uint16 scope, uint256 amount) internal view returns (uint32) {
        uint256 known = _keys[key];
        if (known.statusOf() != ACTIVE || known.scopesOf() & scope != scope) revert KeyNotValid(key, scope);
        if (amount > known.limitOf()) revert KeyLimitExceeded(key, amount, known.limitOf());
        return known.memberOf();
    }

    /// @dev The key gives and takes keys of `member`, and reaches as far as what it decides about.
    function _requireReach(address key, uint32 member, uint16 scopes, uint56 limit) internal view {
        if (_validKey(key, KEYS, 0) != member) revert NotSignedBy(member);
        uint256 known = _keys[key];
        if (scopes & ~known.scopesOf() != 0 || limit > known.limitOf()) revert BeyondReach(key);
    }

    function _requireWholeReach(address key, uint32 member) internal view {
        _requireReach(key, member, ALL_SCOPES, NO_LIMIT);
    }

    /// @dev Good standing whether halted or not: a halt stops new business only (I-30).
    function _standing(uint32 member, uint16 role) internal view returns (uint256 known) {
        known = _members[member];
        if (!_isStanding(known)) revert NotInGoodStanding(member);
        if (known.rolesOf() & role != role) revert RoleMissing(member, role);
    }

    function _isStanding(uint256 member) internal view returns (bool) {
        return member.statusOf() == ACTIVE && block.timestamp <= member.validUntilOf();
    }

    function _requireKnown(uint32 member) internal view {
        if (_accounts[member] == address(0)) revert UnknownMember(member);
    }
}
