// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Status} from "../lib/Terms.sol";

/// @notice Who belongs to the network, in which roles, and which keys act for them.
interface ITrustedNetwork {
    /// @param lei first 20 bytes of keccak256 of the LEI's 20 characters
    struct Member {
        bytes20 lei;
        uint16 jurisdiction;
        uint16 roles;
        uint8 lane;
        uint32 validUntil;
        Status status;
    }

    struct Key {
        uint32 member;
        uint16 scopes;
        Status status;
        uint56 limit; // cash one signature may move, minor units
    }

    event MemberEnrolled(
        uint32 indexed member,
        bytes20 indexed lei,
        address indexed account,
        uint16 jurisdiction,
        uint16 roles,
        uint8 lane,
        uint32 validUntil
    );
    event MemberStatusSet(uint32 indexed member, Status status);
    event MemberRenewed(uint32 indexed member, uint16 roles, uint8 lane, uint32 validUntil);
    event KeySet(address indexed key, uint32 indexed member, uint16 scopes, uint56 limit);
    event KeyRevoked(address indexed key, uint32 indexed member);

    error AlreadyEnrolled(bytes20 lei);
    error UnknownMember(uint32 member);
    error NotInGoodStanding(uint32 member);
    error RoleMissing(uint32 member, uint16 role);
    error KeyNotValid(address key, uint16 scope);
    error KeyLimitExceeded(address key, uint256 amount, uint256 limit);
    error KeyTaken(address key);
    error InvalidMember();

    /// @notice Governance: enrol a member; its account address becomes its first key with all scopes.
    function enroll(bytes20 lei, address account, uint16 jurisdiction, uint16 roles, uint8 lane, uint32 validUntil)
        external
        returns (uint32 member);

    /// @notice Governance: suspend, expel or reactivate.
    function setStatus(uint32 member, Status status) external;

    /// @notice Governance: new roles, lane and expiry.
    function renew(uint32 member, uint16 roles, uint8 lane, uint32 validUntil) external;

    /// @notice Governance: give a key to a member, or change its scopes and limit. A revoked key never comes back.
    function setKey(address key, uint32 member, uint16 scopes, uint56 limit) external;

    /// @notice Governance, or the member from its account address while that is an active key itself: the key is dead
    /// from this block on.
    function revokeKey(address key) external;

    /// @return member the owner of `key`; reverts KeyNotValid unless the key is active and has every bit of `scope`
    function signer(address key, uint16 scope) external view returns (uint32 member);

    /// @notice The same, for a signature that moves `amount` of cash; reverts KeyLimitExceeded above the key's limit.
    function signerFor(address key, uint16 scope, uint256 amount) external view returns (uint32 member);

    /// @notice One question at the door of a trade act: whose key is it, and is that member in good standing?
    /// Reverts KeyNotValid, KeyLimitExceeded, NotInGoodStanding or RoleMissing.
    function party(address key, uint16 scope, uint16 role, uint256 amount)
        external
        view
        returns (uint32 member, bytes20 lei, uint8 lane);

    /// @notice The same for the two sides of a new order, who need SIGN_ORDER and their roles.
    /// @return buyer and its LEI, the supplier and its LEI; lanes: the buyer's, the supplier's 8 bits further up;
    /// account: the supplier's
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
        );

    /// @notice The same for a draw of `amount`: the key needs DRAW, and buyer and funder of the order are asked as well
    /// as its owner (P33, D15).
    /// @return supplier the owner of `key`
    function borrower(address key, uint256 amount, uint256 buyer, uint256 funder)
        external
        view
        returns (uint256 supplier);

    /// @notice Reverts unless the member is active, unexpired and has every bit of `role`.
    function requireStanding(uint32 member, uint16 role) external view;

    /// @return whether `requireStanding` passes
    function hasStanding(uint32 member, uint16 role) external view returns (bool);

    function memberOf(uint32 member) external view returns (Member memory);

    function keyOf(address key) external view returns (Key memory);

    function accountOf(uint32 member) external view returns (address);

    function idOf(bytes20 lei) external view returns (uint32);

    function memberCount() external view returns (uint32);

    /// @return the network this one follows, zero for the first
    function predecessor() external view returns (address);
}
