// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy, PoolFunding} from "../lib/Terms.sol";

/// @notice Fully collateralised parametric cover that pays the lienholder first. Holds: I-22..I-26.
interface IDisruptionCover {
    /// @dev The terms themselves are pinned by the policy's id, which is their signed digest.
    struct PolicyState {
        uint32 insurer;
        uint32 insured;
        uint16 currency;
        uint56 sum;
        uint56 payout;
        bool isSettled; // paid, or expired; its capital is free
    }

    event PoolFunded(uint256 indexed pool, uint32 indexed insurer, uint16 indexed currency, uint256 amount);
    event CoverBought(uint256 indexed policy, uint256 indexed order, uint32 indexed insured, bytes32 termsHash, Policy terms);
    event CoverPaid(uint256 indexed policy, bytes32 bucket, uint64 index, uint256 payout, uint256 toLossPayee, uint256 toInsured);
    event CoverExpired(uint256 indexed policy, uint256 freed);

    error SignatureExpired(uint32 deadline);
    error NotSignedBy(uint32 member);
    error NonceUsed(uint32 member, uint64 nonce);
    error InvalidTerms();
    error QuoteUsed(uint256 policy);
    error CapitalShort(uint256 pool, uint256 free, uint256 wanted);
    error UnknownPolicy(uint256 policy);
    error PolicySettled(uint256 policy);
    error WaitingPeriod(uint32 firstDay, uint256 earliest);
    error EventUnderWay(uint32 day);
    error NoInsurableInterest(uint32 insured, uint256 order);
    error CurrencyDiffers(uint16 order, uint16 policy);
    error DayNotCovered(uint32 day);
    error IndexNotFixed(uint32 day);
    error BelowAttach(uint64 index, uint64 attach);
    error EarlierDayOpen(uint32 day);
    error TriggeredUnpaid(uint32 day);
    error CapitalStillBound(uint256 policy, uint32 until);

    /// @notice The insurer moves free cash into its pool's capital (empty signature: the caller is its key).
    function fund(PoolFunding calldata funding, bytes calldata signature) external;

    /// @notice Buy cover: insurer and insured signed the same terms. Premium moves to the pool, the sum is locked.
    /// Covered days start after the waiting period; no sale while a reading of the last days is at the attachment
    /// (I-24), these being so many that one is always past its observation window.
    function buy(Policy calldata terms, bytes calldata insurerSignature, bytes calldata insuredSignature) external returns (uint256 policy);

    /// @notice Anyone: pay a policy for its first covered day whose fixed index pays anything. Once (I-23).
    /// The lender of the order is paid first, up to what is outstanding now (I-25); the rest goes to the insured.
    function pay(Policy calldata terms, uint32 day) external;

    /// @notice Anyone, after the last day, the observation window and grace, when no covered day triggered: free the capital.
    function expire(Policy calldata terms) external;

    function policyOf(uint256 policy) external view returns (PolicyState memory);

    /// @return capital of the pool and how much of it is locked by policies (I-22: never more than the capital)
    function poolOf(uint32 insurer, uint16 currency) external view returns (uint256 capital, uint256 locked);

    function poolId(uint32 insurer, uint16 currency) external pure returns (uint256);

    /// @return the policy's id: the EIP-712 digest both parties sign
    function policyId(Policy calldata terms) external view returns (uint256);

    /// @return the block timestamp after which `expire` is allowed
    function expiresAt(Policy calldata terms) external view returns (uint32);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);
}
