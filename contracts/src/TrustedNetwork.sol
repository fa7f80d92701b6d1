// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {ALL_SCOPES, ARBITER, BUYER, CARRIER, CUSTOMS, FUNDER, INSURER, Status, SUPPLIER} from "./lib/Terms.sol";

/// @title Members, their standing and their keys
contract TrustedNetwork is ITrustedNetwork, AccessManaged {
    // Who judges goods must not trade in them (P05).
    uint16 private constant INTERESTED = BUYER | SUPPLIER | FUNDER | INSURER | CARRIER | ARBITER;

    /// @inheritdoc ITrustedNetwork
    address public immutable predecessor;

    /// @inheritdoc ITrustedNetwork
    uint32 public memberCount;
    // A member and a key are one word each.
    mapping(uint32 member => Member) private _members;
    mapping(address key => Key) private _keys;
    mapping(uint32 member => address) private _accounts;
    mapping(bytes20 lei => uint32) private _ids;

    constructor(address authority, address predecessor_) AccessManaged(authority) {
        predecessor = predecessor_;
    }

    /// @inheritdoc ITrustedNetwork
    function enroll(bytes20 lei, address account, uint16 jurisdiction, uint16 roles, uint8 lane, uint32 validUntil)
        external
        restricted
        returns (uint32 member)
    {
        if (lei == 0 || account == address(0)) revert InvalidMember();
        _checkTerms(roles, lane, validUntil);
        if (_ids[lei] != 0) revert AlreadyEnrolled(lei);
        if (_keys[account].member != 0) revert KeyTaken(account);

        member = ++memberCount;
        _members[member] = Member(lei, jurisdiction, roles, lane, validUntil, Status.Active);
        _accounts[member] = account;
        _ids[lei] = member;
        emit MemberEnrolled(member, lei, account, jurisdiction, roles, lane, validUntil);
        _writeKey(account, member, ALL_SCOPES, type(uint56).max);
    }

    /// @inheritdoc ITrustedNetwork
    function setStatus(uint32 member, Status status) external restricted {
        _requireKnown(member);
        if (status == Status.None) revert InvalidMember();
        _members[member].status = status;
        emit MemberStatusSet(member, status);
    }

    /// @inheritdoc ITrustedNetwork
    function renew(uint32 member, uint16 roles, uint8 lane, uint32 validUntil) external restricted {
        _requireKnown(member);
        _checkTerms(roles, lane, validUntil);
        Member storage known = _members[member];
        (known.roles, known.lane, known.validUntil) = (roles, lane, validUntil);
        emit MemberRenewed(member, roles, lane, validUntil);
    }

    /// @inheritdoc ITrustedNetwork
    function setKey(address key, uint32 member, uint16 scopes, uint56 limit) external restricted {
        _requireKnown(member);
        if (key == address(0) || scopes == 0) revert InvalidMember();
        Key memory present = _keys[key];
        // A key that was given up may be in wrong hands: it never comes back, nor moves to another member.
        bool isFree = present.member == 0 || (present.member == member && present.status == Status.Active);
        if (!isFree) revert KeyTaken(key);
        _writeKey(key, member, scopes, limit);
    }

    /// @inheritdoc ITrustedNetwork
    function revokeKey(address key) external {
        Key memory present = _keys[key];
        if (present.status != Status.Active) revert KeyNotValid(key, 0);
        if (msg.sender != _accounts[present.member]) _checkCanCall(msg.sender, msg.data);
        _keys[key].status = Status.Expelled;
        emit KeyRevoked(key, present.member);
    }

    /// @inheritdoc ITrustedNetwork
    function signer(address key, uint16 scope) external view returns (uint32 member) {
        return _validKey(key, scope, 0);
    }

    /// @inheritdoc ITrustedNetwork
    function signerFor(address key, uint16 scope, uint256 amount) external view returns (uint32 member) {
        return _validKey(key, scope, amount);
    }

    /// @inheritdoc ITrustedNetwork
    function party(address key, uint16 scope, uint16 role, uint256 amount)
        external
        view
        returns (uint32 member, bytes20 lei, uint8 lane)
    {
        member = _validKey(key, scope, amount);
        Member memory known = _standing(member, role);
        return (member, known.lei, known.lane);
    }

    /// @inheritdoc ITrustedNetwork
    function requireStanding(uint32 member, uint16 role) external view {
        _standing(member, role);
    }

    /// @inheritdoc ITrustedNetwork
    function memberOf(uint32 member) external view returns (Member memory) {
        return _members[member];
    }

    /// @inheritdoc ITrustedNetwork
    function keyOf(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @inheritdoc ITrustedNetwork
    function accountOf(uint32 member) external view returns (address) {
        return _accounts[member];
    }

    /// @inheritdoc ITrustedNetwork
    function idOf(bytes20 lei) external view returns (uint32) {
        return _ids[lei];
    }

    function _validKey(address key, uint16 scope, uint256 amount) private view returns (uint32) {
        Key memory known = _keys[key];
        if (known.status != Status.Active || known.scopes & scope != scope) revert KeyNotValid(key, scope);
        if (amount > known.limit) revert KeyLimitExceeded(key, amount, known.limit);
        return known.member;
    }

    function _standing(uint32 member, uint16 role) private view returns (Member memory known) {
        known = _members[member];
        if (known.status != Status.Active || block.timestamp > known.validUntil) revert NotInGoodStanding(member);
        if (known.roles & role != role) revert RoleMissing(member, role);
    }

    function _writeKey(address key, uint32 member, uint16 scopes, uint56 limit) private {
        _keys[key] = Key(member, scopes, Status.Active, limit);
        emit KeySet(key, member, scopes, limit);
    }

    function _checkTerms(uint16 roles, uint8 lane, uint32 validUntil) private view {
        bool isJudge = roles & CUSTOMS != 0;
        // A lane is one bit of a line's bitmap.
        if (roles == 0 || lane > 7 || validUntil <= block.timestamp || (isJudge && roles & INTERESTED != 0)) {
            revert InvalidMember();
        }
    }

    function _requireKnown(uint32 member) private view {
        if (_accounts[member] == address(0)) revert UnknownMember(member);
    }
}
