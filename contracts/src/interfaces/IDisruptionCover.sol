// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy, PoolEntry, PoolExit, PoolFunding, PoolTerms} from "../lib/Terms.sol";

/// @notice Fully collateralised parametric cover that pays the lienholder first, and the pools behind it: one for each
/// insurer and currency, shared by its investors. Holds: I-22..I-27.
///
/// A pool that was never opened is the insurer's alone. An opened one has exit days: on them no covered window of the
/// pool is under way, since none may be sold across them; then, and only then, investors come and go, and only once all
/// that began earlier is paid or expired.
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

    /// @dev One word a pool.
    struct Pool {
        uint56 locked; // sums of open policies
        uint56 bucketCap; // most that is sold on one (peril, place, day); 0: no bound but the capital
        uint88 shares; // of all investors
        uint24 open; // policies neither paid nor expired
        uint16 epochDays; // every day divisible by it is an exit day; 0: closed to investors
        uint16 generation; // shares of an earlier one were of a pool that had lost everything, or that all had left
    }

    event PoolOpened(uint256 indexed pool, uint32 indexed insurer, uint16 indexed currency, uint56 bucketCap, uint16 epochDays);
    event PoolFunded(uint256 indexed pool, uint32 indexed insurer, uint16 indexed currency, uint256 amount);
    event PoolJoined(uint256 indexed pool, uint32 indexed investor, uint16 generation, uint256 amount, uint256 shares);
    event PoolLeft(uint256 indexed pool, uint32 indexed investor, uint16 generation, uint256 amount, uint256 shares);
    event CoverBought(uint256 indexed policy, uint256 indexed order, uint32 indexed insured, bytes32 termsHash, Policy terms);
    event CoverPaid(uint256 indexed policy, bytes32 bucket, uint64 index, uint256 payout, uint256 toLossPayee, uint256 toInsured);
    event CoverExpired(uint256 indexed policy, uint256 freed);

    error SignatureExpired(uint32 deadline);
    error NotSignedBy(uint32 member);
    error NonceUsed(uint32 member, uint64 nonce);
    error InvalidTerms();
    error CapitalShort(uint256 pool, uint256 free, uint256 wanted);
    error PoolInUse(uint256 pool);
    error PoolClosed(uint256 pool);
    error NotExitDay(uint256 nextExitDay);
    error ObservationPending(uint256 pool, uint256 policies);
    error SharesOutOfRange(uint256 shares, uint256 bound);
    error PriceMoved(uint256 offered, uint256 least);
    error BucketFull(uint32 day, uint256 free, uint256 wanted);
    error AcrossExitDay(uint32 firstDay, uint256 exitDay);
    error QuoteUsed(uint256 policy);
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
    error BatchOutOfRange(uint256 given, uint256 most);
    error NothingPayable(uint32 day);

    /// @notice Buy cover: insurer and insured signed the same terms. Premium moves to the pool, the sum is locked.
    /// Covered days start after the waiting period; no sale while a reading of the last days is at the attachment
    /// (I-24), these being so many that one is always past its observation window.
    function buy(Policy calldata terms, bytes calldata insurerSignature, bytes calldata insuredSignature) external returns (uint256 policy);

    /// @notice Anyone: pay a policy for its first covered day whose index pays anything. Once (I-23).
    /// The lender of the order is paid first, up to what is outstanding now (I-25); the rest goes to the insured.
    function pay(Policy calldata terms, uint32 day) external;

    /// @notice Anyone: the same for up to 50 policies of one pool and bucket. Those that this day does not pay are left
    /// as they are and stop nobody; with none to pay it reverts.
    /// @return paid how many were paid
    function payBatch(
        uint32 insurer,
        uint16 currency,
        uint16 peril,
        bytes32 place,
        uint32 day,
        Policy[] calldata policies
    ) external returns (uint256 paid);

    /// @notice Anyone, after the last day, the observation window and grace, when no covered day triggered: free the capital.
    function expire(Policy calldata terms) external;

    function policyOf(uint256 policy) external view returns (PolicyState memory);

    /// @return the policy's id: the EIP-712 digest both parties sign
    function policyId(Policy calldata terms) external view returns (uint256);

    /// @return the block timestamp after which `expire` is allowed
    function expiresAt(Policy calldata terms) external view returns (uint32);

    /// @notice The insurer opens its pool to investors and says when they may leave and how much is at stake on one
    /// day, while nobody holds a share and no policy is open. From then on both stand.
    function openPool(PoolTerms calldata terms, bytes calldata signature) external;

    /// @notice The insurer moves free cash into its pool's capital, at any time (empty signature: the caller is its
    /// key). It gets shares as everybody does.
    function fund(PoolFunding calldata funding, bytes calldata signature) external;

    /// @notice A member in good standing puts free cash behind an insurer's cover, on an exit day.
    function enter(PoolEntry calldata entry, bytes calldata signature) external;

    /// @notice An investor takes its part out, on an exit day with nothing pending, as far as capital is free. Its
    /// standing is not asked.
    function exit(PoolExit calldata wish, bytes calldata signature) external;

    /// @return capital of the pool and how much of it is locked by policies (I-22: never more than the capital)
    function poolOf(uint32 insurer, uint16 currency) external view returns (uint256 capital, uint256 locked);

    function poolWordOf(uint32 insurer, uint16 currency) external view returns (Pool memory);

    /// @return shares that a member holds, and what they are worth now, rounded down
    function sharesOf(uint32 insurer, uint16 currency, uint32 investor)
        external
        view
        returns (uint256 shares, uint256 worth);

    /// @return sum of what was ever sold on a bucket of a capped pool; a policy that was paid still counts
    function soldOn(uint32 insurer, uint16 currency, uint16 peril, bytes32 place, uint32 day)
        external
        view
        returns (uint256 sum);

    function poolId(uint32 insurer, uint16 currency) external pure returns (uint256);

    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool);
}
