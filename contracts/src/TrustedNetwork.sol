// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {MemberWords} from "./lib/MemberWords.sol";
import {
    ALL_SCOPES,
    ARBITER,
    BUYER,
    CARRIER,
    CUSTOMS,
    DRAW,
    FUNDER,
    INSURER,
    SIGN_ORDER,
    Status,
    SUPPLIER
} from "./lib/Terms.sol";

/// @title Members, their standing and their keys
contract TrustedNetwork is ITrustedNetwork, AccessManaged {
    using MemberWords for uint256;

    uint8 private constant ACTIVE = uint8(Status.Active);
    // Who judges goods must not trade in them (P05).
    uint16 private constant INTERESTED = BUYER | SUPPLIER | FUNDER | INSURER | CARRIER | ARBITER;

    /// @inheritdoc ITrustedNetwork
    address public immutable predecessor;

    /// @inheritdoc ITrustedNetwork
    uint32 public memberCount;
    mapping(uint32 member => uint256) private _members;
    mapping(address key => uint256) private _keys;
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
        if (_keys[account] != 0) revert KeyTaken(account);

        member = ++memberCount;
        _members[member] = MemberWords.packMember(lei, jurisdiction, roles, lane, validUntil, ACTIVE);
        _accounts[member] = account;
        _ids[lei] = member;
        emit MemberEnrolled(member, lei, account, jurisdiction, roles, lane, validUntil);
        _writeKey(account, member, ALL_SCOPES, type(uint56).max);
    }

    /// @inheritdoc ITrustedNetwork
    function setStatus(uint32 member, Status status) external restricted {
        _requireKnown(member);
        if (status == Status.None) revert InvalidMember();
        _members[member] = _members[member].withStatus(uint8(status));
        emit MemberStatusSet(member, status);
    }

    /// @inheritdoc ITrustedNetwork
    function renew(uint32 member, uint16 roles, uint8 lane, uint32 validUntil) external restricted {
        _requireKnown(member);
        _checkTerms(roles, lane, validUntil);
        uint256 known = _members[member];
        _members[member] = MemberWords.packMember(
            known.leiOf(), known.jurisdictionOf(), roles, lane, validUntil, uint8(known.statusOf())
        );
        emit MemberRenewed(member, roles, lane, validUntil);
    }

    /// @inheritdoc ITrustedNetwork
    function setKey(address key, uint32 member, uint16 scopes, uint56 limit) external restricted {
        _requireKnown(member);
        if (key == address(0) || scopes == 0) revert InvalidMember();
        uint256 present = _keys[key];
        // A key that was given up may be in wrong hands: it never comes back, nor moves to another member.
        bool isOurs = present.memberOf() == member && present.statusOf() == ACTIVE;
        if (present != 0 && !isOurs) revert KeyTaken(key);
        _writeKey(key, member, scopes, limit);
    }

    /// @inheritdoc ITrustedNetwork
    function revokeKey(address key) external {
        uint256 present = _keys[key];
        if (present.statusOf() != ACTIVE) revert KeyNotValid(key, 0);
        uint32 member = present.memberOf();
        // An account whose own key was revoked may be in wrong hands: it must not revoke those that took its place.
        bool isMember = msg.sender == _accounts[member] && _keys[msg.sender].statusOf() == ACTIVE;
        if (!isMember) _checkCanCall(msg.sender, msg.data);
        _keys[key] = present.withStatus(uint8(Status.Expelled));
        emit KeyRevoked(key, member);
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
        uint256 known = _standing(member, role);
        return (member, known.leiOf(), known.laneOf());
    }

    /// @inheritdoc ITrustedNetwork
    function counterparties(address buyerKey, address supplierKey)
        external
        view
        returns (
            uint256 buyer,
            bytes20 buyerLei,
            uint256 supplier,
            bytes20 supplierLei,
            uint256 lanes,
            address account
        )
    {
        buyer = _validKey(buyerKey, SIGN_ORDER, 0);
        uint256 known = _standing(uint32(buyer), BUYER);
        (buyerLei, lanes) = (known.leiOf(), known.laneOf());

        supplier = _validKey(supplierKey, SIGN_ORDER, 0);
        known = _standing(uint32(supplier), SUPPLIER);
        supplierLei = known.leiOf();
        lanes |= uint256(known.laneOf()) << 8;
        // The key that signs is mostly the account itself, and says so in its word.
        account = _keys[supplierKey].isAccount() ? supplierKey : _accounts[uint32(supplier)];
    }

    /// @inheritdoc ITrustedNetwork
    function borrower(address key, uint256 amount, uint256 buyer, uint256 funder)
        external
        view
        returns (uint256 supplier)
    {
        supplier = _validKey(key, DRAW, amount);
        _standing(uint32(supplier), SUPPLIER);
        _standing(uint32(buyer), BUYER);
        _standing(uint32(funder), FUNDER);
    }

    /// @inheritdoc ITrustedNetwork
    function requireStanding(uint32 member, uint16 role) external view {
        _standing(member, role);
    }

    /// @inheritdoc ITrustedNetwork
    function hasStanding(uint32 member, uint16 role) external view returns (bool) {
        uint256 known = _members[member];
        return _isStanding(known) && known.rolesOf() & role == role;
    }

    /// @inheritdoc ITrustedNetwork
    function memberOf(uint32 member) external view returns (Member memory) {
        uint256 known = _members[member];
        return Member({
            lei: known.leiOf(),
            jurisdiction: known.jurisdictionOf(),
            roles: known.rolesOf(),
            lane: known.laneOf(),
            validUntil: known.validUntilOf(),
            status: Status(known.statusOf())
        });
    }

    /// @inheritdoc ITrustedNetwork
    function keyOf(address key) external view returns (Key memory) {
        uint256 known = _keys[key];
        return Key(known.memberOf(), known.scopesOf(), Status(known.statusOf()), known.limitOf());
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
        uint256 known = _keys[key];
        if (known.statusOf() != ACTIVE || known.scopesOf() & scope != scope) revert KeyNotValid(key, scope);
        if (amount > known.limitOf()) revert KeyLimitExceeded(key, amount, known.limitOf());
        return known.memberOf();
    }

    function _standing(uint32 member, uint16 role) private view returns (uint256 known) {
        known = _members[member];
        if (!_isStanding(known)) revert NotInGoodStanding(member);
        if (known.rolesOf() & role != role) revert RoleMissing(member, role);
    }

    function _isStanding(uint256 member) private view returns (bool) {
        return member.statusOf() == ACTIVE && block.timestamp <= member.validUntilOf();
    }

    function _writeKey(address key, uint32 member, uint16 scopes, uint56 limit) private {
        _keys[key] = MemberWords.packKey(member, scopes, ACTIVE, limit, _accounts[member] == key);
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
