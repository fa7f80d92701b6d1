// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Halts} from "./Halts.sol";
import {MemberKeys} from "./MemberKeys.sol";
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

/// @title Members, their standing, their keys, and whether new business is open
contract TrustedNetwork is MemberKeys, Halts {
    using MemberWords for uint256;

    // Who judges goods must not trade in them (P05).
    uint16 private constant INTERESTED = BUYER | SUPPLIER | FUNDER | INSURER | CARRIER | ARBITER;

    /// @inheritdoc ITrustedNetwork
    uint32 public memberCount;
    mapping(bytes20 lei => uint32) private _ids;

    constructor(address authority, address predecessor_)
        AccessManaged(authority)
        EIP712("Hanse", "1")
        Halts(predecessor_)
    {}

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
        _writeKey(account, member, ALL_SCOPES, NO_LIMIT);
    }

    /// @inheritdoc ITrustedNetwork
    function setStatus(uint32 member, Status status) external restricted {
        _requireNotExpelled(member);
        if (status == Status.None) revert InvalidMember();
        _members[member] = _members[member].withStatus(uint8(status));
        emit MemberStatusSet(member, status);
    }

    /// @inheritdoc ITrustedNetwork
    function renew(uint32 member, uint16 roles, uint8 lane, uint32 validUntil) external restricted {
        _requireNotExpelled(member);
        _checkTerms(roles, lane, validUntil);
        uint256 known = _members[member];
        // Nobody judges an order that it once traded in, nor trades where it judges: the role is for life (P05).
        if ((roles ^ known.rolesOf()) & CUSTOMS != 0) revert InvalidMember();
        uint256 renewed = MemberWords.packMember(
            known.leiOf(), known.jurisdictionOf(), roles, lane, validUntil, uint8(known.statusOf())
        );
        _members[member] = renewed.withHalt(known.isHalted());
        emit MemberRenewed(member, roles, lane, validUntil);
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
        _requireOpen(0);
        member = _validKey(key, scope, amount);
        uint256 known = _trading(member, role);
        return (member, known.leiOf(), known.laneOf());
    }

    /// @inheritdoc ITrustedNetwork
    function counterparties(
        address buyerKey,
        address supplierKey,
        uint256 funder,
        uint256 locked,
        uint256 currency
    )
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
        _requireOpen(currency);
        buyer = _validKey(buyerKey, SIGN_ORDER, locked);
        uint256 known = _trading(uint32(buyer), BUYER);
        (buyerLei, lanes) = (known.leiOf(), known.laneOf());

        supplier = _validKey(supplierKey, SIGN_ORDER, 0);
        known = _trading(uint32(supplier), SUPPLIER);
        supplierLei = known.leiOf();
        lanes |= uint256(known.laneOf()) << 8;
        if (funder != 0) _trading(uint32(funder), FUNDER);
        // The key that signs is mostly the account itself, and says so in its word.
        account = _keys[supplierKey].isAccount() ? supplierKey : _accounts[uint32(supplier)];
    }

    /// @inheritdoc ITrustedNetwork
    function borrower(address key, uint256 amount, uint256 buyer, uint256 funder, uint256 currency)
        external
        view
        returns (uint256 supplier)
    {
        _requireOpen(currency);
        supplier = _validKey(key, DRAW, amount);
        _trading(uint32(supplier), SUPPLIER);
        _trading(uint32(buyer), BUYER);
        _trading(uint32(funder), FUNDER);
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
    function payoutOf(uint32 member) external view returns (address account) {
        account = _accounts[member];
        if (_keys[account].statusOf() != ACTIVE) revert AccountGivenUp(member);
    }

    /// @inheritdoc ITrustedNetwork
    function idOf(bytes20 lei) external view returns (uint32) {
        return _ids[lei];
    }

    function _checkTerms(uint16 roles, uint8 lane, uint32 validUntil) private view {
        bool isJudge = roles & CUSTOMS != 0;
        // A lane is one bit of a line's bitmap.
        if (roles == 0 || lane > 7 || validUntil <= block.timestamp || (isJudge && roles & INTERESTED != 0)) {
            revert InvalidMember();
        }
    }

    /// @dev Expelled is for good: nobody is taken back by the one act that threw it out.
    function _requireNotExpelled(uint32 member) private view {
        _requireKnown(member);
        if (_members[member].statusOf() == uint8(Status.Expelled)) revert MemberExpelled(member);
    }
}
