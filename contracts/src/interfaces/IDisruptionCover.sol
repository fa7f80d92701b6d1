// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy, PoolFunding} from "../lib/Terms.sol";

/// @notice Fully collateralised parametric cover that pays the lienholder first. Holds: I-22..I-26.
interface IDisruptionCover {
    struct PolicyState {
        uint32 insurer;
        uint32 insured;
        uint16 currency;
        uint256 order;
        uint56 sum;
        uint56 payout;
        uint32 startsAt;
        uint32 firstDay;
        uint32 lastDay;
        uint16 peril;
        bytes32 place;
        uint64 attach;
        uint64 exhaust;
        bool settled; // paid, or expired and its capital freed
    }

    event PoolFunded(uint256 indexed pool, uint32 indexed insurer, uint16 indexed currency, uint256 amount);
    event CoverBought(uint256 indexed policy, uint256 indexed order, uint32 indexed insured, bytes32 termsHash, Policy terms);
    event CoverPaid(uint256 indexed policy, bytes32 bucket, uint64 index, uint256 payout, uint256 toLossPayee, uint256 toInsured);
    event CoverExpired(uint256 indexed policy, uint256 freed);

    error SignatureExpired(uint32 deadline);
    error NotSignedBy(uint32 member);
    error InvalidTerms();
    error NonceUsed(uint32 member, uint64 nonce);
    error QuoteUsed(uint256 policy);
    error CapitalShort(uint256 pool, uint256 free, uint256 wanted);
    error UnknownPolicy(uint256 policy);
    error PolicySettled(uint256 policy);
    error DayNotCovered(uint32 day);
    error IndexNotFixed(bytes32 bucket);
    error BelowAttach(uint64 index, uint64 attach);
    error EventUnderWay(bytes32 bucket);
    error CapitalStillBound(uint256 policy, uint32 until);
    error CurrencyDiffers(uint16 order, uint16 policy);

    /// @notice The insurer moves free cash into its pool's capital (empty signature: the caller is its key).
    function fund(PoolFunding calldata funding, bytes calldata signature) external;

    /// @notice Buy cover: insurer and insured signed the same terms. Premium moves to the pool, the sum is locked.
    function buy(Policy calldata terms, bytes calldata insurerSignature, bytes calldata insuredSignature) external returns (uint256 policy);

    /// @notice Anyone: pay a policy for a covered day whose index is fixed at or above attach. Once.
    function pay(uint256 policy, uint32 day) external;

    /// @notice Anyone, after the last day, the observation window and grace: free the capital.
    function expire(uint256 policy) external;

    function policyOf(uint256 policy) external view returns (PolicyState memory);

    /// @return capital of the pool and how much of it is locked
    function poolOf(uint32 insurer, uint16 currency) external view returns (uint256 capital, uint256 locked);

    function poolId(uint32 insurer, uint16 currency) external pure returns (uint256);

    function policyId(Policy calldata terms) external view returns (uint256);
}
