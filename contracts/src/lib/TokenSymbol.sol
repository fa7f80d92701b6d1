// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @notice What a token calls itself. Never reverts: a token without a proper symbol has an empty one.
library TokenSymbol {
    // A selector's word, offset and length come first in the encoding of one string.
    uint256 private constant HEAD = 64;

    function read(address token) internal view returns (string memory) {
        (bool isDone, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20Metadata.symbol, ()));
        if (!isDone || answer.length < HEAD) return "";
        (uint256 offset, uint256 length) = abi.decode(answer, (uint256, uint256));
        if (offset != 32 || length > answer.length - HEAD) return "";
        return abi.decode(answer, (string));
    }
}
