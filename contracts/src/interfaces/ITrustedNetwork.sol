// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountRefusal, AccountReplacement, HaltOn, KeyGrant, KeyRevocation, Status} from "../lib/Terms.sol";

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
    event AccountProposed(uint32 indexed member, address indexed account, uint48 due);
    event AccountRefused(uint32 indexed member, address indexed account);
    event AccountReplaced(uint32 indexed member, address indexed former, address indexed account);
    event HaltSet(HaltOn indexed on, uint32 indexed subject, uint48 until);
    event HaltLifted(HaltOn indexed on, uint32 indexed subject);
    event NetworkRetired();
    event NetworkBegun(address indexed predecessor);

    error AlreadyEnrolled(bytes20 lei);
    error UnknownMember(uint32 member);
    error NotInGoodStanding(uint32 member);
    error RoleMissing(uint32 member, uint16 role);
    error KeyNotValid(address key, uint16 scope);
    error KeyLimitExceeded(address key, uint256 amount, uint256 limit);
    error KeyTaken(address key);
    error InvalidMember();
    error MemberExpelled(uint32 member);
    error NotSignedBy(uint32 member);
    error BeyondReach(address key);
    error KeyNotProven(address key);
    error NotProposed(uint32 member, address account);
    error AccountGivenUp(uint32 member);
    error SignatureExpired(uint32 deadline);
    error NonceUsed(uint32 member, uint64 nonce);
    error NewBusinessHalted(HaltOn on, uint32 subject, uint48 until);
    error HaltedBefore(HaltOn on, uint32 subject, uint48 until);
    error NotHalted(HaltOn on, uint32 subject);
    error SubjectUnknown(HaltOn on, uint32 subject);
    error NetworkIsRetired();
    error PredecessorInBusiness(address predecessor);

    /// @notice Governance: enrol a member; its account address becomes its first key with all scopes.
    function enroll(bytes20 lei, address account, uint16 jurisdiction, uint16 roles, uint8 lane, uint32 validUntil)
        external
        returns (uint32 member);

    /// @notice Governance: suspend, expel or reactivate. Who was expelled stays it: neither that member nor its LEI comes
    /// back here. It keeps its keys, its cash and its debts.
    function setStatus(uint32 member, Status status) external;

    /// @notice Governance: new roles, lane and expiry.
    function renew(uint32 member, uint16 roles, uint8 lane, uint32 validUntil) external;

    /// @notice A member gives itself a key, or changes one: by its account, or an active key with KEYS that reaches as
    /// far as what it gives. A new key signs the same grant as `possession` (empty: it is the caller). A revoked key
    /// never comes back.
    function grantKey(KeyGrant calldata grant, bytes calldata signature, bytes calldata possession) external;

    /// @notice A member gives up a key, by that key itself or by one with KEYS that reaches as far: it is dead from this
    /// block on. Governance cannot, or it could keep a member from its cash (I-03).
    function revokeKey(KeyRevocation calldata revocation, bytes calldata signature) external;

    /// @notice Governance: an account for a member whose own is lost. Two days later it may take the place, unless the
    /// member refused it. Another proposal takes the place of this one.
    function proposeAccount(uint32 member, address account) external;

    /// @notice The member refuses a proposed account by any key of its that has KEYS.
    function refuseAccount(AccountRefusal calldata refusal, bytes calldata signature) external;

    /// @notice The member moves to another account address: by its account or a key that reaches as far, or without
    /// either once a proposal is due. The new account signs the same as `possession`. The old account's key is dead,
    /// and cash is paid out to the new one from here on.
    function replaceAccount(
        AccountReplacement calldata replacement,
        bytes calldata signature,
        bytes calldata possession
    ) external;

    /// @notice Guardian, at once: no new business in the network (subject 0), of a member, or in a currency. Lapses in
    /// seven days, and is not repeated within seven more.
    function halt(HaltOn on, uint32 subject) external;

    /// @notice Governance: a halt that stands until it is lifted.
    function confirmHalt(HaltOn on, uint32 subject) external;

    /// @notice Governance: new business goes on. Anyone, for a halt that has lapsed.
    function liftHalt(HaltOn on, uint32 subject) external;

    /// @notice Governance: no new business here ever again, so that a successor may begin.
    function retire() external;

    /// @notice Anyone: once the predecessor is retired, new business begins here.
    function begin() external;

    /// @return member the owner of `key`; reverts KeyNotValid unless the key is active and has every bit of `scope`
    function signer(address key, uint16 scope) external view returns (uint32 member);

    /// @notice The same, for a signature that moves `amount` of cash; reverts KeyLimitExceeded above the key's limit.
    function signerFor(address key, uint16 scope, uint256 amount) external view returns (uint32 member);

    /// @notice One question at the door of a trade act: whose key is it, and is that member in good standing?
    /// Reverts KeyNotValid, KeyLimitExceeded, NotInGoodStanding, RoleMissing or, as for all that opens new business,
    /// NewBusinessHalted.
    function party(address key, uint16 scope, uint16 role, uint256 amount)
        external
        view
        returns (uint32 member, bytes20 lei, uint8 lane);

    /// @notice The same for the two sides of a new order, who need SIGN_ORDER and their roles, and for the standing of the
    /// line's `funder` (0 for none). `locked` is what the buyer's key locks of its cash.
    /// @return buyer and its LEI, the supplier and its LEI; lanes: the buyer's, the supplier's 8 bits further up;
    /// account: the supplier's
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
        );

    /// @notice The same for a draw of `amount`: the key needs DRAW, and buyer and funder of the order are asked as well
    /// as its owner (P33, D15).
    /// @return supplier the owner of `key`
    function borrower(address key, uint256 amount, uint256 buyer, uint256 funder, uint256 currency)
        external
        view
        returns (uint256 supplier);

    /// @notice Reverts unless the member is active, unexpired and has every bit of `role`, halted or not.
    function requireStanding(uint32 member, uint16 role) external view;

    /// @return whether `requireStanding` passes
    function hasStanding(uint32 member, uint16 role) external view returns (bool);

    function memberOf(uint32 member) external view returns (Member memory);

    function keyOf(address key) external view returns (Key memory);

    function accountOf(uint32 member) external view returns (address);

    /// @return where the member's cash is paid out to; reverts AccountGivenUp where that key was revoked and no other
    /// account has taken its place
    function payoutOf(uint32 member) external view returns (address);

    /// @return account proposed by governance, zero for none, and from when on it may take the place
    function proposalOf(uint32 member) external view returns (address account, uint48 due);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);

    /// @return whether the member may do new business now: in good standing in that role, and nothing halted that it
    /// takes (currency 0: not asked about)
    function isTrading(uint32 member, uint16 role, uint16 currency) external view returns (bool);

    /// @notice Reverts while new business is halted in the network or in this currency (0: not asked about).
    function requireOpen(uint16 currency) external view;

    /// @return until when new business is or was halted, 0 for never
    function haltOf(HaltOn on, uint32 subject) external view returns (uint48 until);

    function isRetired() external view returns (bool);

    function idOf(bytes20 lei) external view returns (uint32);

    function memberCount() external view returns (uint32);

    /// @return the network this one follows, zero for the first
    function predecessor() external view returns (address);
}
