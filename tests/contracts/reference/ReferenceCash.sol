// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice OpenZeppelin's ERC-20 token with permits, opened for tests. Never deployed with the suite.
contract ReferenceCash is ERC20Permit {
    uint8 private immutable _places;

    constructor(string memory name, string memory symbol, uint8 places) ERC20(name, symbol) ERC20Permit(name) {
        _places = places;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return _places;
    }
}
