// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {IDisruptionCover} from "./interfaces/IDisruptionCover.sol";
import {IIndexOracle} from "./interfaces/IIndexOracle.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Legs} from "./lib/Legs.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Payout} from "./lib/Payout.sol";
import {Signature} from "./lib/Signature.sol";
import {COVER, INSURER, Phase, Policy, PoolFunding} from "./lib/Terms.sol";

/// @title Parametric cover against collateral locked at the sale
contract DisruptionCover is IDisruptionCover, EIP712 {
    using NonceMap for NonceMap.Spent;
    using OrderWords for uint256;

    uint256 private constant DAY = 1 days;
    uint256 private constant MAX_DAYS = 31; // bounds the walk over earlier days in `pay` and `expire`
    uint256 private constant GRACE = 3 days;
    uint256 private constant LAST_TIME = type(uint32).max;
    uint16 private constant ANY_ROLE = 0;
    bytes32 private constant POLICY_TYPE = keccak256(
        "Policy(uint32 insurer,uint32 insured,uint256 order,uint16 currency,uint56 sum,uint56 premium,uint16 peril,"
        "bytes32 place,uint32 firstDay,uint32 lastDay,uint64 attach,uint64 exhaust,uint32 waitingDays,uint64 nonce,"
        "uint32 deadline)"
    );
    bytes32 private constant FUNDING_TYPE =
        keccak256("PoolFunding(uint32 insurer,uint16 currency,uint56 amount,uint64 nonce,uint32 deadline)");

    ITrustedNetwork private immutable _network;
    ICashLedger private immutable _ledger;
    IReceivables private immutable _receivables;
    ICreditBook private immutable _credit;
    IIndexOracle private immutable _indices;

    mapping(uint256 policy => PolicyState) private _policies;
    mapping(uint256 pool => uint256) private _locked;
    NonceMap.Spent private _nonces;

    constructor(address network, address ledger, address receivables, address credit, address indices)
        EIP712("Hanse", "1")
    {
        _network = ITrustedNetwork(network);
        _ledger = ICashLedger(ledger);
        _receivables = IReceivables(receivables);
        _credit = ICreditBook(credit);
        _indices = IIndexOracle(indices);
    }

    /// @inheritdoc IDisruptionCover
    function fund(PoolFunding calldata funding, bytes calldata signature) external {
        if (block.timestamp > funding.deadline) revert SignatureExpired(funding.deadline);
        if (funding.amount == 0) revert InvalidTerms();
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(FUNDING_TYPE, funding)));
        _requireSigned(funding.insurer, digest, signature, INSURER, funding.amount);

        if (!_nonces.spend(funding.insurer, funding.nonce)) revert NonceUsed(funding.insurer, funding.nonce);
        uint256 pool = poolId(funding.insurer, funding.currency);
        emit PoolFunded(pool, funding.insurer, funding.currency, funding.amount);
        _moveOne(funding.currency, funding.insurer, pool, funding.amount);
    }

    /// @inheritdoc IDisruptionCover
    function buy(Policy calldata terms, bytes calldata insurerSignature, bytes calldata insuredSignature)
        external
        returns (uint256 policy)
    {
        _checkTerms(terms);
        policy = policyId(terms);
        if (_policies[policy].insurer != 0) revert QuoteUsed(policy);
        _requireSigned(terms.insurer, bytes32(policy), insurerSignature, INSURER, terms.sum);
        _requireSigned(terms.insured, bytes32(policy), insuredSignature, ANY_ROLE, terms.premium);
        _requireInterest(terms);
        _requireCalm(terms);

        uint256 pool = poolId(terms.insurer, terms.currency);
        uint256 capital = _ledger.balanceOf(terms.currency, pool) + terms.premium;
        uint256 locked = _locked[pool] + terms.sum;
        if (locked > capital) revert CapitalShort(pool, capital + terms.sum - locked, terms.sum);

        _locked[pool] = locked;
        _policies[policy] = PolicyState(terms.insurer, terms.insured, terms.currency, terms.sum, 0, false);
        emit CoverBought(policy, terms.order, terms.insured, bytes32(policy), terms);
        _moveOne(terms.currency, terms.insured, pool, terms.premium);
    }

    /// @inheritdoc IDisruptionCover
    function pay(Policy calldata terms, uint32 day) external {
        (uint256 policy, PolicyState memory state) = _openPolicy(terms);
        if (day < terms.firstDay || day > terms.lastDay) revert DayNotCovered(day);
        (bool isFixed, uint64 index,) = _indices.readingOf(terms.peril, terms.place, day);
        if (!isFixed) revert IndexNotFixed(day);
        uint256 payout = _payoutAt(terms, index);
        if (payout == 0) revert BelowAttach(index, terms.attach);
        _requireNoEarlierTrigger(terms, day);

        uint256 pool = poolId(terms.insurer, terms.currency);
        state.payout = uint56(payout);
        state.isSettled = true;
        _policies[policy] = state;
        _locked[pool] -= terms.sum;

        (uint256 toLossPayee, uint32 lossPayee) = _credit.collect(terms.order, payout, terms.insurer, terms.insured);
        emit CoverPaid(
            policy,
            _indices.bucketOf(terms.peril, terms.place, day),
            index,
            payout,
            toLossPayee,
            payout - toLossPayee
        );
        uint256 legs = Legs.start(terms.currency);
        Legs.add(legs, pool, lossPayee, toLossPayee);
        Legs.add(legs, pool, terms.insured, payout - toLossPayee);
        Legs.send(legs, _ledger);
    }

    /// @inheritdoc IDisruptionCover
    function expire(Policy calldata terms) external {
        (uint256 policy, PolicyState memory state) = _openPolicy(terms);
        uint256 until = _boundUntil(terms);
        if (block.timestamp <= until) revert CapitalStillBound(policy, uint32(until));
        for (uint32 day = terms.firstDay; day <= terms.lastDay; ++day) {
            (bool isFixed, uint64 index, bool isOpen) = _indices.readingOf(terms.peril, terms.place, day);
            if (isOpen) revert IndexNotFixed(day);
            if (isFixed && _payoutAt(terms, index) != 0) revert TriggeredUnpaid(day);
        }
        state.isSettled = true;
        _policies[policy] = state;
        _locked[poolId(terms.insurer, terms.currency)] -= terms.sum;
        emit CoverExpired(policy, terms.sum);
    }

    /// @inheritdoc IDisruptionCover
    function policyOf(uint256 policy) external view returns (PolicyState memory) {
        return _policies[policy];
    }

    /// @inheritdoc IDisruptionCover
    function poolOf(uint32 insurer, uint16 currency) external view returns (uint256 capital, uint256 locked) {
        uint256 pool = poolId(insurer, currency);
        return (_ledger.balanceOf(currency, pool), _locked[pool]);
    }

    /// @inheritdoc IDisruptionCover
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return _nonces.isSpent(member, nonce);
    }

    /// @inheritdoc IDisruptionCover
    function poolId(uint32 insurer, uint16 currency) public pure returns (uint256) {
        return uint256(keccak256(abi.encode("pool", insurer, currency)));
    }

    /// @inheritdoc IDisruptionCover
    function policyId(Policy calldata terms) public view returns (uint256) {
        return uint256(_hashTypedDataV4(keccak256(abi.encode(POLICY_TYPE, terms))));
    }

    /// @inheritdoc IDisruptionCover
    function expiresAt(Policy calldata terms) external view returns (uint32) {
        uint256 until = _boundUntil(terms);
        return until > LAST_TIME ? uint32(LAST_TIME) : uint32(until);
    }

    function _checkTerms(Policy calldata terms) private view {
        if (block.timestamp > terms.deadline) revert SignatureExpired(terms.deadline);
        if (
            terms.sum == 0 || terms.attach == 0 || terms.exhaust <= terms.attach || terms.waitingDays == 0
                || terms.lastDay < terms.firstDay || terms.lastDay - terms.firstDay >= MAX_DAYS
                || terms.insurer == terms.insured || _boundUntil(terms) > LAST_TIME
        ) revert InvalidTerms();
        // Covered days start after the waiting period, so no reading of one can exist at the sale (I-24).
        uint256 earliest = block.timestamp / DAY + terms.waitingDays;
        if (terms.firstDay < earliest) revert WaitingPeriod(terms.firstDay, earliest);
    }

    /// @dev One observer's reading at the attachment is enough to stop sales; the median may come too late.
    function _requireCalm(Policy calldata terms) private view {
        uint256 today = block.timestamp / DAY;
        // So far back that at least one of the days can get no more readings: an event under way is known of (O15).
        uint256 since = today - _indices.observationWindow() / DAY - 2;
        (uint64 peak, uint32 day) = _indices.peakOf(terms.peril, terms.place, uint32(since), uint32(today - 1));
        if (peak >= terms.attach) revert EventUnderWay(day);
    }

    function _requireInterest(Policy calldata terms) private view {
        (, uint256 order) = _receivables.wordsOf(terms.order);
        if (order == 0) revert IReceivables.UnknownOrder(terms.order);
        bool isParty = terms.insured == order.holderOf() || terms.insured == order.buyerOf();
        if (!isParty || order.phaseOf() == uint256(Phase.Closed)) {
            revert NoInsurableInterest(terms.insured, terms.order);
        }
        if (order.currencyOf() != terms.currency) revert CurrencyDiffers(uint16(order.currencyOf()), terms.currency);
    }

    /// @dev A later day never pays before an earlier one that triggered, or that may still be fixed.
    function _requireNoEarlierTrigger(Policy calldata terms, uint32 day) private view {
        for (uint32 earlier = terms.firstDay; earlier < day; ++earlier) {
            (bool isFixed, uint64 index, bool isOpen) = _indices.readingOf(terms.peril, terms.place, earlier);
            if (isOpen || (isFixed && _payoutAt(terms, index) != 0)) revert EarlierDayOpen(earlier);
        }
    }

    function _openPolicy(Policy calldata terms) private view returns (uint256 policy, PolicyState memory state) {
        policy = policyId(terms);
        state = _policies[policy];
        if (state.insurer == 0) revert UnknownPolicy(policy);
        if (state.isSettled) revert PolicySettled(policy);
    }

    /// @dev Whose signature it is, whether its key may move that much, and whether the member is in good standing.
    function _requireSigned(uint32 member, bytes32 digest, bytes calldata signature, uint16 role, uint256 amount)
        private
        view
    {
        (uint32 owner,,) = _network.party(Signature.actor(digest, signature), COVER, role, amount);
        if (owner != member) revert NotSignedBy(member);
    }

    function _boundUntil(Policy calldata terms) private view returns (uint256) {
        return (uint256(terms.lastDay) + 1) * DAY + _indices.observationWindow() + GRACE;
    }

    /// @dev A day whose payout is nothing does not trigger: it must not use up the policy before a worse day.
    function _payoutAt(Policy calldata terms, uint256 index) private pure returns (uint256) {
        return Payout.linear(terms.sum, index, terms.attach, terms.exhaust);
    }

    function _moveOne(uint16 currency, uint256 from, uint256 to, uint256 amount) private {
        uint256 legs = Legs.start(currency);
        Legs.add(legs, from, to, amount);
        Legs.send(legs, _ledger);
    }
}
