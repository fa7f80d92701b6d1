// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {Signature} from "./lib/Signature.sol";
import {Withdrawal, WITHDRAW} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title Members' cash; payments inside the network are moves between its accounts
contract CashLedger is ICashLedger, AccessManaged, EIP712, ReentrancyGuardTransient {
    using NonceMap for NonceMap.Spent;
    using SafeERC20 for IERC20;
    using TypedHash for Withdrawal;

    // ISO 4217 numeric codes end here; other words of the suite give a currency ten bits.
    uint16 private constant LAST_CURRENCY = 999;
    // 2^56 minor units times 10^60 still fit 256 bits.
    uint8 private constant MOST_SPREAD = 60;
    // A sum of all accounts below 2^56 keeps every account below it (DESIGN section 6).
    uint256 private constant MOST_TOTAL = type(uint56).max;
    // In the word of a frozen account, where every debit's one comparison meets it.
    uint256 private constant FROZEN = 1 << 255;

    struct Listing {
        address token;
        uint8 exponent; // decimals of the currency's minor unit
        uint8 spread; // decimals of the token beyond that
        uint56 total;
    }

    struct Freeze {
        uint48 since; // 0: not frozen
        uint48 before; // seconds of former freezes
    }

    // Who may move cash never changes (I-02).
    address public immutable receivables;
    address public immutable disruptionCover;
    ITrustedNetwork private immutable _network;

    mapping(uint16 currency => Listing) private _listings;
    mapping(address token => uint16) private _currencies;
    mapping(uint16 currency => mapping(uint256 account => uint256)) private _balances;
    mapping(uint16 currency => mapping(uint32 member => Freeze)) private _freezes;
    NonceMap.Spent private _nonces;

    constructor(address authority, address network, address receivables_, address cover)
        AccessManaged(authority)
        EIP712("Hanse", "1")
    {
        _network = ITrustedNetwork(network);
        receivables = receivables_;
        disruptionCover = cover;
    }

    /// @inheritdoc ICashLedger
    function list(uint16 currency, uint8 exponent, address token) external restricted {
        if (currency == 0 || currency > LAST_CURRENCY) revert CurrencyUnknown(currency);
        if (_listings[currency].token != address(0)) revert CurrencyTaken(currency);
        // Two currencies on one token would each count its balance as theirs (I-01).
        if (_currencies[token] != 0) revert CurrencyTaken(_currencies[token]);
        uint8 decimals = IERC20Metadata(token).decimals();
        if (decimals < exponent || decimals - exponent > MOST_SPREAD) revert ScaleNotWhole(decimals, exponent);

        _listings[currency] = Listing(token, exponent, decimals - exponent, 0);
        _currencies[token] = currency;
        emit CurrencyListed(currency, token, exponent, 10 ** (decimals - exponent));
    }

    /// @inheritdoc ICashLedger
    function freeze(uint16 currency, uint32 member, bool isFrozen) external restricted {
        _listed(currency);
        // Members' accounts only: a hold or a pool is nobody's to freeze (P34).
        if (_network.accountOf(member) == address(0)) revert ITrustedNetwork.UnknownMember(member);
        Freeze storage past = _freezes[currency][member];
        if ((past.since != 0) == isFrozen) revert FreezeUnchanged(currency, member);
        if (isFrozen) {
            past.since = uint48(block.timestamp);
            _balances[currency][member] |= FROZEN;
        } else {
            past.before += uint48(block.timestamp) - past.since;
            past.since = 0;
            _balances[currency][member] &= ~FROZEN;
        }
        emit FreezeSet(currency, member, isFrozen);
    }

    /// @inheritdoc ICashLedger
    function deposit(uint16 currency, uint32 member, uint56 amount) external nonReentrant {
        _deposit(currency, member, amount, msg.sender);
    }

    /// @inheritdoc ICashLedger
    function depositWithPermit(
        uint16 currency,
        uint32 member,
        uint56 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        Listing memory listing = _listed(currency);
        address payer = _network.accountOf(member);
        uint256 value = _inToken(listing, amount);
        // Somebody else may have used the permit already; what counts is that the payer approved exactly this.
        try IERC20Permit(listing.token).permit(payer, address(this), value, deadline, v, r, s) {} catch {}
        uint256 allowed = IERC20(listing.token).allowance(payer, address(this));
        // A standing approval of another amount is not consent to this deposit.
        if (allowed != value) revert TokenShortPaid(allowed, value);
        _deposit(currency, member, amount, payer);
    }

    /// @inheritdoc ICashLedger
    function withdraw(Withdrawal calldata withdrawal, bytes calldata signature) external nonReentrant {
        if (block.timestamp > withdrawal.deadline) revert SignatureExpired(withdrawal.deadline);
        address key = Signature.actor(_hashTypedDataV4(withdrawal.hash()), signature);
        // Standing is not asked: a suspended or expelled member keeps its cash (I-03).
        uint32 member = _network.signerFor(key, WITHDRAW, withdrawal.amount);
        if (member != withdrawal.member) revert NotTheMember(withdrawal.member);
        if (!_nonces.spend(member, withdrawal.nonce)) revert NonceUsed(member, withdrawal.nonce);
        Listing storage listing = _listings[withdrawal.currency];
        Listing memory listed = _listed(withdrawal.currency);
        if (withdrawal.amount == 0) revert AmountOutOfRange(0);

        mapping(uint256 => uint256) storage accounts = _balances[withdrawal.currency];
        _debit(accounts, withdrawal.currency, member, withdrawal.amount);
        listing.total = listed.total - withdrawal.amount;
        emit Withdrawn(withdrawal.currency, member, withdrawal.amount);
        _payOut(IERC20(listed.token), _network.payoutOf(member), _inToken(listed, withdrawal.amount));
    }

    /// @inheritdoc ICashLedger
    function move(uint16 currency, Leg[] calldata legs) external {
        if (msg.sender != receivables && msg.sender != disruptionCover) {
            revert NotOperator(msg.sender);
        }
        mapping(uint256 => uint256) storage accounts = _balances[currency];
        uint256 count = legs.length;
        uint256 from;
        uint256 owed;
        // Only the trade contracts call; bounded by the room that Legs has.
        for (uint256 i; i != count;) {
            Leg calldata leg = legs[i];
            uint256 amount = leg.amount;
            if (leg.from != from) {
                // Legs of one payer stand together: its account is written once.
                if (owed != 0) _debit(accounts, currency, from, owed);
                (from, owed) = (leg.from, 0);
            }
            owed += amount;
            // The sum of all accounts is below 2^56, and the debit that follows proves that the payer had it. Of a leg
            // to the payer itself it proves nothing: such a leg moves nothing, and nobody may borrow from itself
            // (CreditLines.reserve).
            unchecked {
                accounts[leg.to] += amount;
                ++i;
            }
        }
        if (owed != 0) _debit(accounts, currency, from, owed);
        _tellMoved(currency, legs);
    }

    /// @inheritdoc ICashLedger
    function balanceOf(uint16 currency, uint256 account) external view returns (uint256) {
        return _balances[currency][account] & ~FROZEN;
    }

    /// @inheritdoc ICashLedger
    function freeOf(uint16 currency, uint256 account) external view returns (uint256 free, bool isFrozen) {
        return _free(_balances[currency][account]);
    }

    /// @inheritdoc ICashLedger
    function secondsFrozen(uint16 currency, uint32 member) external view returns (uint256) {
        Freeze memory past = _freezes[currency][member];
        return past.since == 0 ? past.before : past.before + block.timestamp - past.since;
    }

    /// @inheritdoc ICashLedger
    function backingOf(uint16 currency) external view returns (uint256 held, uint256 owed) {
        Listing memory listing = _listed(currency);
        return (IERC20(listing.token).balanceOf(address(this)), _inToken(listing, listing.total));
    }

    /// @inheritdoc ICashLedger
    function available(uint16 currency, uint256 hold, uint256 payer)
        external
        view
        returns (uint256 held, uint256 free, bool isFrozen)
    {
        held = _balances[currency][hold];
        (free, isFrozen) = _free(_balances[currency][payer]);
    }

    /// @inheritdoc ICashLedger
    function totalOf(uint16 currency) external view returns (uint256 total) {
        return _listings[currency].total;
    }

    /// @inheritdoc ICashLedger
    function tokenOf(uint16 currency) external view returns (address token, uint256 scale, uint8 exponent) {
        Listing memory listing = _listed(currency);
        return (listing.token, _inToken(listing, 1), listing.exponent);
    }

    /// @inheritdoc ICashLedger
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return _nonces.isSpent(member, nonce);
    }

    function _deposit(uint16 currency, uint32 member, uint256 amount, address payer) private {
        Listing memory listing = _listed(currency);
        if (_network.accountOf(member) == address(0)) revert ITrustedNetwork.UnknownMember(member);
        if (amount == 0) revert AmountOutOfRange(0);
        IERC20 token = IERC20(listing.token);
        uint256 value = _inToken(listing, amount);
        uint256 before = token.balanceOf(address(this));
        // A token that shrank since would have this deposit pay for the others' loss (I-01).
        if (before < _inToken(listing, listing.total)) revert TokenShrunk(before, _inToken(listing, listing.total));
        token.safeTransferFrom(payer, address(this), value);
        uint256 received = token.balanceOf(address(this)) - before;
        // A token that keeps a fee must not make money on the ledger (P19).
        if (received != value) revert TokenShortPaid(received, value);

        uint256 total = listing.total + amount;
        if (total > MOST_TOTAL) revert AmountOutOfRange(total);
        _listings[currency].total = uint56(total);
        _balances[currency][member] += amount;
        emit Deposited(currency, member, amount);
    }

    /// @dev emit Moved, with the legs as they came: three whole words each, their encoding already.
    function _tellMoved(uint16 currency, Leg[] calldata legs) private {
        bytes32 topic = Moved.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            let size := mul(legs.length, 96)
            mstore(at, 32)
            mstore(add(at, 32), legs.length)
            calldatacopy(add(at, 64), legs.offset, size)
            log2(at, add(size, 64), topic, currency)
        }
    }

    /// @dev The ledger loses exactly what is paid out: a token that took its fee beside it would take the others' cash.
    function _payOut(IERC20 token, address to, uint256 value) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransfer(to, value);
        uint256 left = token.balanceOf(address(this));
        if (left + value != before) revert TokenOverdrawn(before, left, value);
    }

    function _debit(mapping(uint256 => uint256) storage accounts, uint16 currency, uint256 account, uint256 amount)
        private
    {
        uint256 balance = accounts[account];
        unchecked {
            // The top bit tells of what wrapped: a balance too small, a frozen account, an amount that no account has.
            // Of a frozen account the balance itself is asked: less what it does not have, its bit would be gone.
            uint256 left = balance - amount;
            if ((balance | left | amount) & FROZEN != 0) _refuseDebit(currency, account, balance, amount);
            accounts[account] = left;
        }
    }

    function _refuseDebit(uint16 currency, uint256 account, uint256 balance, uint256 amount) private pure {
        if (balance & FROZEN != 0) revert AccountFrozen(currency, account);
        revert InsufficientCash(currency, account, balance, amount);
    }

    function _free(uint256 word) private pure returns (uint256 free, bool isFrozen) {
        isFrozen = word & FROZEN != 0;
        free = isFrozen ? 0 : word;
    }

    function _listed(uint16 currency) private view returns (Listing memory listing) {
        listing = _listings[currency];
        if (listing.token == address(0)) revert CurrencyUnknown(currency);
    }

    function _inToken(Listing memory listing, uint256 amount) private pure returns (uint256) {
        return amount * 10 ** listing.spread;
    }
}
