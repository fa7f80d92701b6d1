// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MemberBook} from "./MemberBook.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {MemberWords} from "./lib/MemberWords.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {Signature} from "./lib/Signature.sol";
import {
    AccountRefusal,
    AccountReplacement,
    ALL_SCOPES,
    KeyGrant,
    KeyRevocation,
    KEYS
} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title How members give and revoke their keys, and move to another account
abstract contract MemberKeys is MemberBook, AccessManaged, EIP712 {
    using MemberWords for uint256;
    using NonceMap for NonceMap.Spent;
    using TypedHash for AccountRefusal;
    using TypedHash for AccountReplacement;
    using TypedHash for KeyGrant;
    using TypedHash for KeyRevocation;

    // On top of the delay that governance has anyway: time for a member whose account is not lost to say so.
    uint256 private constant PROPOSAL_DELAY = 2 days;

    struct Proposal {
        address account;
        uint48 due;
    }

    mapping(uint32 member => Proposal) private _proposals;

    /// @inheritdoc ITrustedNetwork
    function grantKey(KeyGrant calldata grant, bytes calldata signature, bytes calldata possession) external {
        (uint32 member, address key) = (grant.member, grant.key);
        if (key == address(0) || grant.scopes == 0) revert InvalidMember();
        bytes32 digest = _hashTypedDataV4(grant.hash());
        address actor = Signature.actor(digest, signature);
        _requireReach(actor, member, grant.scopes, grant.limit);
        uint256 present = _keys[key];
        if (present == 0) {
            if (Signature.actor(digest, possession) != key) revert KeyNotProven(key);
        } else {
            // One that was given up, the account's own, and another member's stay what they are.
            bool isOurs = present.memberOf() == member && present.statusOf() == ACTIVE && !present.isAccount();
            if (!isOurs) revert KeyTaken(key);
            _requireReach(actor, member, present.scopesOf(), present.limitOf());
        }
        _spend(member, grant.nonce, grant.deadline);
        _writeKey(key, member, grant.scopes, grant.limit);
    }

    /// @inheritdoc ITrustedNetwork
    function revokeKey(KeyRevocation calldata revocation, bytes calldata signature) external {
        (uint32 member, address key) = (revocation.member, revocation.key);
        uint256 present = _keys[key];
        if (present.statusOf() != ACTIVE || present.memberOf() != member) revert KeyNotValid(key, 0);
        address actor = Signature.actor(_hashTypedDataV4(revocation.hash()), signature);
        // Whoever has a key may give it up.
        if (actor != key) _requireReach(actor, member, present.scopesOf(), present.limitOf());
        _spend(member, revocation.nonce, revocation.deadline);
        _killKey(key, present);
    }

    /// @inheritdoc ITrustedNetwork
    function proposeAccount(uint32 member, address account) external restricted {
        _requireKnown(member);
        if (account == address(0)) revert InvalidMember();
        uint48 due = uint48(block.timestamp + PROPOSAL_DELAY);
        _proposals[member] = Proposal(account, due);
        emit AccountProposed(member, account, due);
    }

    /// @inheritdoc ITrustedNetwork
    function refuseAccount(AccountRefusal calldata refusal, bytes calldata signature) external {
        uint32 member = refusal.member;
        address actor = Signature.actor(_hashTypedDataV4(refusal.hash()), signature);
        if (_validKey(actor, KEYS, 0) != member) revert NotSignedBy(member);
        if (_proposals[member].account != refusal.account || refusal.account == address(0)) {
            revert NotProposed(member, refusal.account);
        }
        _spend(member, refusal.nonce, refusal.deadline);
        delete _proposals[member];
        emit AccountRefused(member, refusal.account);
    }

    /// @inheritdoc ITrustedNetwork
    function replaceAccount(
        AccountReplacement calldata replacement,
        bytes calldata signature,
        bytes calldata possession
    ) external {
        (uint32 member, address account) = (replacement.member, replacement.account);
        _requireKnown(member);
        bytes32 digest = _hashTypedDataV4(replacement.hash());
        Proposal memory proposal = _proposals[member];
        bool isDue = proposal.account == account && block.timestamp >= proposal.due;
        if (!isDue) _requireWholeReach(Signature.actor(digest, signature), member);
        uint256 present = _keys[account];
        address former = _accounts[member];
        bool isFree = present == 0 || (present.memberOf() == member && present.statusOf() == ACTIVE);
        if (!isFree || account == former) revert KeyTaken(account);
        if (account == address(0) || Signature.actor(digest, possession) != account) revert KeyNotProven(account);

        _spend(member, replacement.nonce, replacement.deadline);
        delete _proposals[member];
        uint256 old = _keys[former];
        if (old.statusOf() == ACTIVE) _killKey(former, old);
        _accounts[member] = account;
        emit AccountReplaced(member, former, account);
        _writeKey(account, member, ALL_SCOPES, NO_LIMIT);
    }

    /// @inheritdoc ITrustedNetwork
    function proposalOf(uint32 member) external view returns (address account, uint48 due) {
        return (_proposals[member].account, _proposals[member].due);
    }

    /// @inheritdoc ITrustedNetwork
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return _nonces.isSpent(member, nonce);
    }

    function _spend(uint32 member, uint64 nonce, uint32 deadline) private {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        if (!_nonces.spend(member, nonce)) revert NonceUsed(member, nonce);
    }
}
