// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Who governs: OpenZeppelin's AccessManager with a floor under every delay
/// @notice The deployer sets the network up, then gives roles to governor and guardian and renounces its own: from then
/// on nobody is admin, so that no verb changes its role, no target closes and no authority is replaced, ever (I-29).
contract Governance is AccessManager {
    /// @notice Whose acts wait: members, keys' proposals, currencies, committees, freezes, confirmed halts.
    uint64 public constant GOVERNOR = 1;
    /// @notice Who halts new business at once, for seven days.
    uint64 public constant GUARDIAN = 2;

    /// @notice Seconds that every act waits in the open, but the guardian's.
    uint32 public immutable delay;

    error DelayTooShort(uint32 given, uint32 least);

    // The first admin's own grant runs before the delay is known, and is the only one without.
    constructor(address initialAdmin, uint32 delay_) AccessManager(initialAdmin) {
        delay = delay_;
    }

    /// @dev Nobody is given a way around the delay, not even by those who have waited for it.
    function _grantRole(uint64 roleId, address account, uint32 grantDelay, uint32 executionDelay)
        internal
        override
        returns (bool)
    {
        if (roleId != GUARDIAN && executionDelay < delay) revert DelayTooShort(executionDelay, delay);
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @dev Only who scheduled an act takes it back: an official must not stop its own removal (P37).
    function _canCancel(address caller, address, bytes calldata) internal view override returns (bool) {
        return caller == _msgSender();
    }
}
