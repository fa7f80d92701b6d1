// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withdrawal} from "../lib/Terms.sol";

/// @notice Members' cash in ISO 4217 minor units. An account is a uint256: a member id (free cash), an order's
/// fingerprint (its hold) or a pool's id (its capital). Holds: I-01, I-02, I-03, I-04.
interface ICashLedger {
    struct Leg {
        uint256 from;
        uint256 to;
        uint256 amount;
    }

    event CurrencyListed(uint16 indexed currency, address indexed token, uint8 exponent, uint256 scale);
    event Deposited(uint16 indexed currency, uint32 indexed member, uint256 amount);
    event Withdrawn(uint16 indexed currency, uint32 indexed member, uint256 amount);
    event Moved(uint16 indexed currency, Leg[] legs);

    event FreezeSet(uint16 indexed currency, uint32 indexed member, bool isFrozen);

    error CurrencyUnknown(uint16 currency);
    error CurrencyTaken(uint16 currency);
    error ScaleNotWhole(uint8 decimals, uint8 exponent);
    error AmountOutOfRange(uint256 amount);
    error InsufficientCash(uint16 currency, uint256 account, uint256 available, uint256 wanted);
    error TokenShortPaid(uint256 received, uint256 expected);
    error TokenShrunk(uint256 held, uint256 owed);
    error TokenOverdrawn(uint256 before, uint256 left, uint256 paid);
    error AccountFrozen(uint16 currency, uint256 account);
    error FreezeUnchanged(uint16 currency, uint32 member);
    error NotOperator(address caller);
    error SignatureExpired(uint32 deadline);
    error NonceUsed(uint32 member, uint64 nonce);
    error NotTheMember(uint32 member);

    /// @notice Governance: list an ERC-20 for a currency, once. Scale = 10^(decimals - exponent), whole or refused.
    function list(uint16 currency, uint8 exponent, address token) external;

    /// @notice Governance: a member's free cash in a currency stands still, or moves again. What is frozen is credited
    /// like any other account, its orders' holds still pay, and what it leaves unpaid meanwhile bears no late charge.
    function freeze(uint16 currency, uint32 member, bool isFrozen) external;

    /// @notice Credit `member` with `amount` minor units pulled from the caller's token balance.
    function deposit(uint16 currency, uint32 member, uint56 amount) external;

    /// @notice The same, paid by the member's account address, which signed an ERC-2612 permit for exactly this. Used
    /// permits do not break it (P32).
    function depositWithPermit(
        uint16 currency,
        uint32 member,
        uint56 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pay free cash out to the member's account address. Empty signature: the caller is the member's key.
    function withdraw(Withdrawal calldata withdrawal, bytes calldata signature) external;

    /// @notice Trade contracts only: move cash between accounts; all or nothing.
    function move(uint16 currency, Leg[] calldata legs) external;

    /// @return what the account has, frozen or not
    function balanceOf(uint16 currency, uint256 account) external view returns (uint256);

    /// @return free what the account may move now: nothing while it is frozen
    function freeOf(uint16 currency, uint256 account) external view returns (uint256 free, bool isFrozen);

    /// @return how long the account has been frozen, all freezes together
    function secondsFrozen(uint16 currency, uint32 member) external view returns (uint256);

    /// @return held token units that the ledger has, and those it owes: less is held where the token itself shrank
    function backingOf(uint16 currency) external view returns (uint256 held, uint256 owed);

    /// @return held what the order's hold has, and free what the payer may move now
    function available(uint16 currency, uint256 hold, uint256 payer)
        external
        view
        returns (uint256 held, uint256 free, bool isFrozen);

    /// @return total the sum of all accounts, which the token balance must cover (I-01)
    function totalOf(uint16 currency) external view returns (uint256 total);

    function tokenOf(uint16 currency) external view returns (address token, uint256 scale, uint8 exponent);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);
}
