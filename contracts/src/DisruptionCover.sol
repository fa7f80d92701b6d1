// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {CoverPools} from "./CoverPools.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {IDisruptionCover} from "./interfaces/IDisruptionCover.sol";
import {IIndexOracle, IndexState} from "./interfaces/IIndexOracle.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {CoverHash} from "./lib/CoverHash.sol";
import {Legs} from "./lib/Legs.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Payout} from "./lib/Payout.sol";
import {PolicyWords} from "./lib/PolicyWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {INSURER, OBSERVATION_WINDOW, PayoutKind, Phase, Policy} from "./lib/Terms.sol";

/// @title Parametric cover against collateral locked at the sale
contract DisruptionCover is CoverPools {
    using CoverHash for Policy;
    using OrderWords for uint256;
    using PolicyWords for Policy;
    using PolicyWords for uint256;

    uint256 private constant MOST_DAYS = 31; // bounds the walk over earlier days in `pay` and `expire`
    uint256 private constant MOST_BATCH = 50;
    uint256 private constant LAST_TIME = type(uint32).max;

    /// @dev One (peril, place, day) of one pool, and what the observers say of it and the days before.
    struct Batch {
        uint256 pool;
        uint256 legs;
        bytes32 bucket;
        uint256 since; // day of the first reading
        uint256 day;
        IIndexOracle.Reading reading; // of the day
        IIndexOracle.Reading[] readings;
    }

    IReceivables private immutable _receivables;
    ICreditBook private immutable _credit;
    IIndexOracle private immutable _indices;

    mapping(uint256 policy => uint256) private _policies;

    constructor(address network, address ledger, address receivables, address credit, address indices)
        EIP712("Hanse", "1")
        CoverPools(network, ledger)
    {
        _receivables = IReceivables(receivables);
        _credit = ICreditBook(credit);
        _indices = IIndexOracle(indices);
    }

    /// @inheritdoc IDisruptionCover
    function buy(Policy calldata terms, bytes calldata insurerSignature, bytes calldata insuredSignature)
        external
        returns (uint256 policy)
    {
        _checkTerms(terms);
        policy = policyId(terms);
        if (_policies[policy] != 0) revert QuoteUsed(policy);
        _requireSigned(terms.insurer, bytes32(policy), insurerSignature, INSURER, terms.sum);
        _requireSigned(terms.insured, bytes32(policy), insuredSignature, ANY_ROLE, terms.premium);
        _network.requireOpen(terms.currency);
        _requireInterest(terms);
        _requireCalm(terms);

        uint256 pool = poolId(terms.insurer, terms.currency);
        _lock(pool, terms);
        _policies[policy] = PolicyWords.pack(terms);
        emit CoverBought(policy, terms.order, terms.insured, bytes32(policy), terms);
        _moveOne(terms.currency, terms.insured, pool, terms.premium);
    }

    /// @inheritdoc IDisruptionCover
    function pay(Policy calldata terms, uint32 day) external {
        (uint256 policy, uint256 word) = _openPolicy(terms);
        if (day < terms.firstDay || day > terms.lastDay) revert DayNotCovered(day);
        Batch memory batch = _newBatch(terms.insurer, terms.currency, 1);
        _read(batch, terms.peril, terms.place, terms.firstDay, day);
        IndexState found = batch.reading.state;
        if (found != IndexState.Fixed && found != IndexState.NoData) revert IndexNotFixed(day);
        uint256 payout = _payoutAt(terms, batch.reading);
        if (payout == 0) revert BelowAttach(batch.reading.median, terms.attach);
        uint256 earlier = _firstOpenOrPaying(batch, terms);
        if (earlier != day) revert EarlierDayOpen(uint32(earlier));

        _policies[policy] = word.settled(payout);
        _unlock(batch.pool, terms.sum, 1, day);
        (uint256 toLossPayee, uint32 lossPayee) = _credit.collect(terms.order, payout, terms.insurer, terms.insured);
        _share(batch, policy, payout, toLossPayee, lossPayee, terms.insured);
        Legs.send(batch.legs, _ledger);
    }

    /// @inheritdoc IDisruptionCover
    function payBatch(
        uint32 insurer,
        uint16 currency,
        uint16 peril,
        bytes32 place,
        uint32 day,
        Policy[] calldata policies
    ) external returns (uint256 paid) {
        uint256 given = policies.length;
        if (given == 0 || given > MOST_BATCH) revert BatchOutOfRange(given, MOST_BATCH);
        Batch memory batch = _newBatch(insurer, currency, given);
        _read(batch, peril, place, _earliest(policies, day), day);

        ICreditBook.Claim[] memory claims = new ICreditBook.Claim[](given);
        uint256[] memory paidPolicies = new uint256[](given);
        IIndexOracle.Reading memory reading = batch.reading;
        uint256 sums;
        // At most MOST_BATCH, as was tested.
        for (uint256 i; i < given; ++i) {
            Policy calldata terms = policies[i];
            uint256 policy = policyId(terms);
            uint256 word = _policies[policy];
            // Unknown, settled, of another pool or bucket: left as it is.
            if (!word.isOpenOf(insurer, currency)) continue;
            if (terms.perilOf() != peril || terms.placeOf() != place) continue;
            if (day < terms.firstDayOf() || day > terms.lastDayOf()) continue;
            uint256 payout = _payoutAt(terms, reading);
            if (payout == 0 || _firstOpenOrPaying(batch, terms) != day) continue;

            _policies[policy] = word.settled(payout);
            ICreditBook.Claim memory claim = claims[paid];
            (claim.order, claim.amount, claim.insured) = (terms.orderOf(), payout, uint32(word.insuredOf()));
            paidPolicies[paid] = policy;
            unchecked {
                // Fifty sums below 2^56.
                sums += word.sumOf();
                ++paid;
            }
        }
        if (paid == 0) revert NothingPayable(day);
        _unlock(batch.pool, sums, paid, day);
        assembly ("memory-safe") {
            mstore(claims, paid)
        }
        _shareAll(batch, paidPolicies, claims, _credit.collectMany(claims, insurer));
    }

    /// @inheritdoc IDisruptionCover
    function expire(Policy calldata terms) external {
        (uint256 policy, uint256 word) = _openPolicy(terms);
        uint256 until = _boundUntil(terms);
        if (block.timestamp <= until) revert CapitalStillBound(policy, uint32(until));
        IIndexOracle.Reading[] memory readings =
            _indices.readingsOf(terms.peril, terms.place, terms.firstDay, terms.lastDay);
        // At most MOST_DAYS, by the sale.
        for (uint256 i; i < readings.length; ++i) {
            if (_isOpen(readings[i])) revert IndexNotFixed(uint32(terms.firstDay + i));
            if (_payoutAt(terms, readings[i]) != 0) revert TriggeredUnpaid(uint32(terms.firstDay + i));
        }
        _policies[policy] = word.settled(0);
        _unlock(poolId(terms.insurer, terms.currency), terms.sum, 1, terms.firstDay);
        emit CoverExpired(policy, terms.sum);
    }

    /// @inheritdoc IDisruptionCover
    function policyOf(uint256 policy) external view returns (PolicyState memory) {
        uint256 word = _policies[policy];
        return PolicyState({
            insurer: uint32(word.insurerOf()),
            insured: uint32(word.insuredOf()),
            currency: uint16(PolicyWords.currencyOf(word)),
            sum: uint56(word.sumOf()),
            payout: uint56(word.payoutOf()),
            isSettled: word.isSettled()
        });
    }

    /// @inheritdoc IDisruptionCover
    function policyId(Policy calldata terms) public view returns (uint256) {
        return uint256(_hashTypedDataV4(terms.hash()));
    }

    /// @inheritdoc IDisruptionCover
    function expiresAt(Policy calldata terms) external pure returns (uint32) {
        uint256 until = _boundUntil(terms);
        return until > LAST_TIME ? uint32(LAST_TIME) : uint32(until);
    }

    function _newBatch(uint32 insurer, uint16 currency, uint256 most) private pure returns (Batch memory batch) {
        batch.pool = poolId(insurer, currency);
        batch.legs = Legs.startFor(currency, 2 * most);
    }

    function _read(Batch memory batch, uint16 peril, bytes32 place, uint32 since, uint32 day) private view {
        batch.bucket = _indices.bucketOf(peril, place, day);
        batch.since = since;
        batch.day = day;
        batch.readings = _indices.readingsOf(peril, place, since, day);
        batch.reading = batch.readings[day - since];
    }

    function _shareAll(
        Batch memory batch,
        uint256[] memory policies,
        ICreditBook.Claim[] memory claims,
        uint256[] memory parts
    ) private {
        // At most MOST_BATCH, as was tested.
        for (uint256 i; i < parts.length; ++i) {
            (uint256 part, ICreditBook.Claim memory claim) = (parts[i], claims[i]);
            _share(batch, policies[i], claim.amount, uint64(part), part >> 64, claim.insured);
        }
        Legs.send(batch.legs, _ledger);
    }

    /// @dev Nobody is asked who could refuse: the lender's part is booked, and cash moves inside the ledger (I-04).
    function _share(
        Batch memory batch,
        uint256 policy,
        uint256 payout,
        uint256 toLossPayee,
        uint256 lossPayee,
        uint256 insured
    ) private {
        uint256 toInsured;
        unchecked {
            // The lender never gets more than there is: CreditLines takes the smaller.
            toInsured = payout - toLossPayee;
        }
        emit CoverPaid(policy, batch.bucket, batch.reading.median, payout, toLossPayee, toInsured);
        Legs.addUp(batch.legs, batch.pool, lossPayee, toLossPayee);
        Legs.addUp(batch.legs, batch.pool, insured, toInsured);
    }

    function _checkTerms(Policy calldata terms) private view {
        if (block.timestamp > terms.deadline) revert SignatureExpired(terms.deadline);
        if (
            terms.sum == 0 || terms.attach == 0 || !_isPayable(terms) || terms.waitingDays == 0
                || terms.noDataBps > Payout.WHOLE_BPS || terms.lastDay < terms.firstDay
                || terms.lastDay - terms.firstDay >= MOST_DAYS || terms.insurer == terms.insured
                || _boundUntil(terms) > LAST_TIME
        ) revert InvalidTerms();
        // Covered days start after the waiting period, so no reading of one can exist at the sale (I-24).
        uint256 earliest = block.timestamp / DAY + terms.waitingDays;
        if (terms.firstDay < earliest) revert WaitingPeriod(terms.firstDay, earliest);
    }

    /// @dev One observer's reading at the attachment is enough to stop sales; the median may come too late.
    function _requireCalm(Policy calldata terms) private view {
        uint256 today = block.timestamp / DAY;
        // So far back that at least one of the days can get no more readings: an event under way is known of (O15).
        uint256 since = today - OBSERVATION_WINDOW / DAY - 2;
        (uint64 peak, uint32 day, uint32 silentDay) =
            _indices.peakOf(terms.peril, terms.place, uint32(since), uint32(today - 1));
        if (peak >= terms.attach) revert EventUnderWay(day);
        // Where a day without data pays, one such answer is the event.
        if (terms.noDataBps != 0 && silentDay != 0) revert EventUnderWay(silentDay);
    }

    function _requireInterest(Policy calldata terms) private view {
        (, uint256 order) = _receivables.wordsOf(terms.order);
        if (order == 0) revert IReceivables.UnknownOrder(terms.order);
        bool isParty = terms.insured == order.holderOf() || terms.insured == order.buyerOf();
        uint256 phase = order.phaseOf();
        if (phase == uint256(Phase.None)) {
            // A share has its phase from its order.
            (, uint256 whole) = _receivables.wordsOf(ShareWords.orderOf(terms.order));
            phase = whole.phaseOf();
        }
        if (!isParty || phase == uint256(Phase.Closed)) {
            revert NoInsurableInterest(terms.insured, terms.order);
        }
        uint256 currency = OrderWords.currencyOf(order);
        if (currency != terms.currency) revert CurrencyDiffers(uint16(currency), terms.currency);
    }

    function _openPolicy(Policy calldata terms) private view returns (uint256 policy, uint256 word) {
        policy = policyId(terms);
        word = _policies[policy];
        if (word == 0) revert UnknownPolicy(policy);
        if (word.isSettled()) revert PolicySettled(policy);
    }

    function _boundUntil(Policy calldata terms) private pure returns (uint256) {
        return (uint256(terms.lastDay) + 1) * DAY + OBSERVATION_WINDOW + GRACE;
    }

    /// @dev First day on which a policy that is paid today was covered: so far back the batch looks.
    function _earliest(Policy[] calldata policies, uint32 day) private pure returns (uint32 since) {
        since = day;
        // At most MOST_BATCH, as was tested.
        for (uint256 i; i < policies.length; ++i) {
            uint32 firstDay = policies[i].firstDay;
            // Not further than a policy can reach: strange terms cost their sender no more than that (P40).
            if (firstDay < since && firstDay + MOST_DAYS > day) since = firstDay;
        }
    }

    /// @dev A later day never pays before an earlier one that triggered, or that may still come to stand.
    /// @return day the first covered day that does or may pay, up to the batch's
    function _firstOpenOrPaying(Batch memory batch, Policy calldata terms) private pure returns (uint256 day) {
        // At most MOST_DAYS, by the sale.
        for (day = terms.firstDayOf(); day < batch.day; ++day) {
            IIndexOracle.Reading memory reading = batch.readings[day - batch.since];
            if (_isOpen(reading) || _payoutAt(terms, reading) != 0) return day;
        }
    }

    /// @dev A held bucket may still be resolved.
    function _isOpen(IIndexOracle.Reading memory reading) private pure returns (bool) {
        return reading.state == IndexState.Open || reading.state == IndexState.Held;
    }

    /// @dev Of a known policy. A day whose payout is nothing does not trigger: it must not use up the policy before a
    /// worse day.
    function _payoutAt(Policy calldata terms, IIndexOracle.Reading memory reading) private pure returns (uint256) {
        if (reading.state == IndexState.NoData) return Payout.withoutData(terms.sum, terms.noDataBpsOf());
        if (reading.state != IndexState.Fixed) return 0;
        (uint256 kind, uint256 attach) = (terms.kindOf(), terms.attachOf());
        if (kind == uint256(PayoutKind.Linear)) {
            return Payout.linear(terms.sum, reading.median, attach, terms.exhaustOf());
        }
        if (kind == uint256(PayoutKind.Threshold)) return Payout.threshold(terms.sum, reading.median, attach);
        return Payout.stepped(reading.median, terms.stepAt, terms.stepPays);
    }

    /// @dev Whether attach, exhaust and steps are what the kind takes.
    function _isPayable(Policy calldata terms) private pure returns (bool) {
        if (terms.kind == PayoutKind.Stepped) {
            return Payout.isStairs(terms.sum, terms.attach, terms.exhaust, terms.stepAt, terms.stepPays);
        }
        if (terms.stepAt.length != 0 || terms.stepPays.length != 0) return false;
        return terms.kind == PayoutKind.Linear ? terms.exhaust > terms.attach : terms.exhaust == terms.attach;
    }
}
