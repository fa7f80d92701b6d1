// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {IDisruptionCover} from "./interfaces/IDisruptionCover.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {CoverHash} from "./lib/CoverHash.sol";
import {Legs} from "./lib/Legs.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {PoolShares} from "./lib/PoolShares.sol";
import {Signature} from "./lib/Signature.sol";
import {COVER, INSURER, OBSERVATION_WINDOW, Policy, PoolEntry, PoolExit, PoolFunding, PoolTerms} from "./lib/Terms.sol";

/// @title The pools of DisruptionCover: their shares, what policies lock in them, when investors come and go
abstract contract CoverPools is IDisruptionCover, EIP712 {
    using CoverHash for PoolEntry;
    using CoverHash for PoolExit;
    using CoverHash for PoolFunding;
    using CoverHash for PoolTerms;
    using NonceMap for NonceMap.Spent;

    uint256 internal constant DAY = 1 days;
    uint256 internal constant GRACE = 3 days;
    // From the start of a covered day until its capital can be free: the day, its readings, grace.
    uint256 private constant BOUND_DAYS = (DAY + OBSERVATION_WINDOW + GRACE) / DAY;
    uint16 internal constant ANY_ROLE = 0;
    uint16 private constant LEAST_EPOCH = 7;
    uint16 private constant MOST_EPOCH = 366;

    ITrustedNetwork internal immutable _network;
    ICashLedger internal immutable _ledger;

    mapping(uint256 pool => Pool) private _pools;
    // Open policies by the epoch in which all of their days lie.
    mapping(uint256 pool => mapping(uint256 epoch => uint256)) private _openIn;
    // Sums sold, four days a word.
    mapping(bytes32 placeInPool => mapping(uint256 fourDays => uint256)) private _sold;
    // Shares of a member, and above them the epoch in which it joined last.
    mapping(uint256 pool => mapping(uint16 generation => mapping(uint32 member => uint256))) private _shares;
    NonceMap.Spent private _nonces;

    constructor(address network, address ledger) {
        _network = ITrustedNetwork(network);
        _ledger = ICashLedger(ledger);
    }

    /// @inheritdoc IDisruptionCover
    function openPool(PoolTerms calldata terms, bytes calldata signature) external {
        if (block.timestamp > terms.deadline) revert SignatureExpired(terms.deadline);
        bool isEpoch = terms.epochDays == 0 || (terms.epochDays >= LEAST_EPOCH && terms.epochDays <= MOST_EPOCH);
        if (terms.bucketCap == 0 || !isEpoch) revert InvalidTerms();
        _requireSigned(terms.insurer, _hashTypedDataV4(terms.hash()), signature, INSURER, 0);
        _spend(terms.insurer, terms.nonce);

        uint256 id = poolId(terms.insurer, terms.currency);
        Pool memory pool = _pools[id];
        // Who put capital in under other terms must not find these (P31).
        if (pool.shares != 0 || pool.open != 0) revert PoolInUse(id);
        _pools[id] = Pool(0, terms.bucketCap, 0, 0, terms.epochDays, pool.generation + 1);
        emit PoolOpened(id, terms.insurer, terms.currency, terms.bucketCap, terms.epochDays);
    }

    /// @inheritdoc IDisruptionCover
    function fund(PoolFunding calldata funding, bytes calldata signature) external {
        if (block.timestamp > funding.deadline) revert SignatureExpired(funding.deadline);
        _requireSigned(
            funding.insurer, _hashTypedDataV4(funding.hash()), signature, INSURER, funding.amount
        );
        _spend(funding.insurer, funding.nonce);

        uint256 id = poolId(funding.insurer, funding.currency);
        emit PoolFunded(id, funding.insurer, funding.currency, funding.amount);
        // It pays at least what the pool may turn out to be worth, so those who are in never lose by it.
        _enter(id, funding.currency, funding.insurer, funding.amount, 0);
    }

    /// @inheritdoc IDisruptionCover
    function enter(PoolEntry calldata entry, bytes calldata signature) external {
        if (block.timestamp > entry.deadline) revert SignatureExpired(entry.deadline);
        _requireSigned(entry.investor, _hashTypedDataV4(entry.hash()), signature, ANY_ROLE, entry.amount);
        _network.requireStanding(entry.insurer, INSURER);
        _spend(entry.investor, entry.nonce);

        uint256 id = poolId(entry.insurer, entry.currency);
        Pool memory pool = _pools[id];
        if (pool.epochDays == 0) revert PoolClosed(id);
        _requireNothingPending(id, pool);
        _enter(id, entry.currency, entry.investor, entry.amount, entry.minShares);
    }

    /// @inheritdoc IDisruptionCover
    function exit(PoolExit calldata wish, bytes calldata signature) external {
        if (block.timestamp > wish.deadline) revert SignatureExpired(wish.deadline);
        uint256 id = poolId(wish.insurer, wish.currency);
        Pool memory pool = _pools[id];
        uint256 capital = _ledger.balanceOf(wish.currency, id);
        uint256 amount = PoolShares.worthDown(wish.shares, capital, pool.shares);
        address key = Signature.actor(_hashTypedDataV4(wish.hash()), signature);
        // Standing is not asked, as for a withdrawal (I-03).
        if (_network.signerFor(key, COVER, amount) != wish.investor) revert NotSignedBy(wish.investor);
        _spend(wish.investor, wish.nonce);

        mapping(uint32 => uint256) storage shares = _shares[id][pool.generation];
        uint256 held = uint88(shares[wish.investor]);
        if (wish.shares > held) revert SharesOutOfRange(wish.shares, held);
        _requireNothingPending(id, pool);
        _requireStayed(pool, shares[wish.investor] >> 88);
        // Shares worth less than a unit are given up whole, else they would keep the pool from ever opening anew.
        if (wish.shares == 0 || (amount == 0 && wish.shares != held)) revert InvalidTerms();
        if (amount < wish.minAmount) revert PriceMoved(amount, wish.minAmount);
        // Covers that begin later count too (O16).
        uint256 free = capital - pool.locked;
        if (amount > free) revert CapitalShort(id, free, amount);

        shares[wish.investor] -= wish.shares;
        pool.shares -= wish.shares;
        _pools[id] = pool;
        emit PoolLeft(id, wish.investor, pool.generation, amount, wish.shares);
        _moveOne(wish.currency, id, wish.investor, amount);
    }

    /// @inheritdoc IDisruptionCover
    function poolOf(uint32 insurer, uint16 currency) external view returns (uint256 capital, uint256 locked) {
        uint256 id = poolId(insurer, currency);
        return (_ledger.balanceOf(currency, id), _pools[id].locked);
    }

    /// @inheritdoc IDisruptionCover
    function poolWordOf(uint32 insurer, uint16 currency) public view returns (Pool memory) {
        return _pools[poolId(insurer, currency)];
    }

    /// @inheritdoc IDisruptionCover
    function sharesOf(uint32 insurer, uint16 currency, uint32 investor)
        external
        view
        returns (uint256 shares, uint256 worth)
    {
        uint256 id = poolId(insurer, currency);
        Pool memory pool = _pools[id];
        shares = uint88(_shares[id][pool.generation][investor]);
        worth = PoolShares.worthDown(shares, _ledger.balanceOf(currency, id), pool.shares);
    }

    /// @inheritdoc IDisruptionCover
    function soldOn(uint32 insurer, uint16 currency, uint16 peril, bytes32 place, uint32 day)
        external
        view
        returns (uint256 sum)
    {
        uint256 id = poolId(insurer, currency);
        return uint64(_sold[_placeIn(id, _pools[id].generation, peril, place)][day >> 2] >> _shiftOf(day));
    }

    /// @inheritdoc IDisruptionCover
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return _nonces.isSpent(member, nonce);
    }

    /// @inheritdoc IDisruptionCover
    function poolId(uint32 insurer, uint16 currency) public pure returns (uint256) {
        return uint256(keccak256(abi.encode("pool", insurer, currency)));
    }

    /// @dev A policy is sold: its sum is locked, and counts in every bucket of its window (I-22).
    function _lock(uint256 id, Policy calldata terms) internal {
        Pool memory pool = _pools[id];
        uint256 capital = _ledger.balanceOf(terms.currency, id) + terms.premium;
        uint256 locked = pool.locked + uint256(terms.sum);
        if (locked > capital) revert CapitalShort(id, capital + terms.sum - locked, terms.sum);
        pool.locked = uint56(locked);
        pool.open += 1;
        _pools[id] = pool;
        if (pool.epochDays != 0) _openIn[id][_requireWithinEpoch(terms, pool.epochDays)] += 1;
        if (pool.bucketCap != 0) {
            mapping(uint256 => uint256) storage sold =
                _sold[_placeIn(id, pool.generation, terms.peril, terms.place)];
            _sell(sold, terms.firstDay, terms.lastDay, terms.sum, pool.bucketCap);
        }
    }

    /// @dev Policies of which `day` is a covered one are paid or expired: what they locked is free. Their windows cross
    /// no exit day, so all are of the day's epoch.
    function _unlock(uint256 id, uint256 sums, uint256 count, uint256 day) internal {
        Pool memory pool = _pools[id];
        pool.locked -= uint56(sums);
        pool.open -= uint24(count);
        _pools[id] = pool;
        if (pool.epochDays != 0) _openIn[id][_epochOf(day, pool.epochDays)] -= count;
    }

    /// @dev Whose signature it is, whether its key may move that much, and whether the member is in good standing.
    function _requireSigned(uint32 member, bytes32 digest, bytes calldata signature, uint16 role, uint256 amount)
        internal
        view
    {
        (uint32 owner,,) = _network.party(Signature.actor(digest, signature), COVER, role, amount);
        if (owner != member) revert NotSignedBy(member);
    }

    function _moveOne(uint16 currency, uint256 from, uint256 to, uint256 amount) internal {
        uint256 legs = Legs.start(currency);
        Legs.add(legs, from, to, amount);
        Legs.send(legs, _ledger);
    }

    function _enter(uint256 id, uint16 currency, uint32 investor, uint256 amount, uint256 least) private {
        if (amount == 0) revert InvalidTerms();
        Pool memory pool = _pools[id];
        uint256 capital = _ledger.balanceOf(currency, id);
        // Shares of a pool that lost everything are worth nothing; counting on from them would end in no price at all.
        if (capital == 0 && pool.shares != 0) (pool.shares, pool.generation) = (0, pool.generation + 1);
        uint256 shares = PoolShares.forAmountDown(amount, capital, pool.shares);
        if (shares == 0 || shares < least) revert PriceMoved(shares, least);
        uint256 total = pool.shares + shares;
        if (total > type(uint88).max) revert SharesOutOfRange(total, type(uint88).max);

        pool.shares = uint88(total);
        _pools[id] = pool;
        uint256 held = uint88(_shares[id][pool.generation][investor]);
        uint256 epoch = pool.epochDays == 0 ? 0 : _epochOf(block.timestamp / DAY, pool.epochDays);
        _shares[id][pool.generation][investor] = held + shares | epoch << 88;
        emit PoolJoined(id, investor, pool.generation, amount, shares);
        _moveOne(currency, investor, id, amount);
    }

    function _spend(uint32 member, uint64 nonce) private {
        if (!_nonces.spend(member, nonce)) revert NonceUsed(member, nonce);
    }

    /// @dev Every covered day takes the sum, unless one would hold more than the cap.
    function _sell(
        mapping(uint256 => uint256) storage sold,
        uint256 firstDay,
        uint256 lastDay,
        uint256 sum,
        uint256 cap
    ) private {
        uint256 day = firstDay;
        // Days of 32 bits, and sums below 2^56 in 64 bits of their own.
        unchecked {
            // At most 31 days, by the sale.
            while (day <= lastDay) {
                uint256 fourDays = day >> 2;
                uint256 word = sold[fourDays];
                // At most four.
                for (; day <= lastDay && day >> 2 == fourDays; ++day) {
                    uint256 shift = _shiftOf(day);
                    uint256 before = uint64(word >> shift);
                    if (before + sum > cap) revert BucketFull(uint32(day), cap - before, sum);
                    word += sum << shift;
                }
                sold[fourDays] = word;
            }
        }
    }

    /// @dev No window of a pool crosses an exit day, and none lies beyond the next epoch: what is open on an exit day
    /// and does not belong to the next epoch has begun.
    function _requireWithinEpoch(Policy calldata terms, uint256 epochDays) private view returns (uint256 epoch) {
        epoch = _epochOf(terms.firstDay, epochDays);
        uint256 exitDay = (epoch + 1) * epochDays;
        bool isFar = epoch > _epochOf(block.timestamp / DAY, epochDays) + 1;
        if (isFar || terms.lastDay + BOUND_DAYS > exitDay) revert AcrossExitDay(terms.firstDay, exitDay);
    }

    function _requireNothingPending(uint256 id, Pool memory pool) private view {
        uint256 pending = pool.open;
        if (pool.epochDays != 0) {
            uint256 today = block.timestamp / DAY;
            uint256 next = _epochOf(today, pool.epochDays) + 1;
            if (today % pool.epochDays != 0) revert NotExitDay(next * pool.epochDays);
            pending -= _openIn[id][next];
        }
        if (pending != 0) revert ObservationPending(id, pending);
    }

    /// @dev Who joins on an exit day and left on the same would take premiums of cover that it never stood behind.
    function _requireStayed(Pool memory pool, uint256 joined) private view {
        if (pool.epochDays == 0) return;
        uint256 epoch = _epochOf(block.timestamp / DAY, pool.epochDays);
        if (joined == epoch) revert NotExitDay((epoch + 2) * pool.epochDays);
    }

    /// @dev An exit day is the last of its epoch: cover that begins on it would be under way.
    function _epochOf(uint256 day, uint256 epochDays) private pure returns (uint256) {
        return (day - 1) / epochDays;
    }

    function _placeIn(uint256 id, uint16 generation, uint16 peril, bytes32 place) private pure returns (bytes32) {
        return keccak256(abi.encode(id, generation, peril, place));
    }

    function _shiftOf(uint256 day) private pure returns (uint256) {
        return (day & 3) << 6;
    }
}
