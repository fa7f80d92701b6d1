// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A member and a key as stored, one word each.
///
/// member  status 7, halted 1 | lane 8 | roles 16 | jurisdiction 16 | valid until 32 | free 16 | lei 160
/// key     status 8 | scopes 16 | member 32 | limit 56 | is the member's account 8
library MemberWords {
    /// @dev Beside the status, so that one comparison tells who is plainly active: a halt costs the others nothing.
    uint256 private constant HALTED = 0x80;

    function packMember(bytes20 lei, uint16 jurisdiction, uint16 roles, uint8 lane, uint32 validUntil, uint8 status)
        internal
        pure
        returns (uint256)
    {
        return uint256(status) | uint256(lane) << 8 | uint256(roles) << 16 | uint256(jurisdiction) << 32
            | uint256(validUntil) << 48 | uint256(uint160(lei)) << 96;
    }

    function statusOf(uint256 word) internal pure returns (uint256) {
        return word & 0x7F;
    }

    /// @return whether the member's new business was halted, perhaps for a time that is over
    function isHalted(uint256 member) internal pure returns (bool) {
        return member & HALTED != 0;
    }

    function withHalt(uint256 member, bool isOn) internal pure returns (uint256) {
        return isOn ? member | HALTED : member & ~HALTED;
    }

    /// @return whether the status is Active and no halt is marked
    function isPlainlyActive(uint256 member) internal pure returns (bool) {
        return uint8(member) == 1;
    }

    function laneOf(uint256 member) internal pure returns (uint8) {
        return uint8(member >> 8);
    }

    function rolesOf(uint256 member) internal pure returns (uint16) {
        return uint16(member >> 16);
    }

    function jurisdictionOf(uint256 member) internal pure returns (uint16) {
        return uint16(member >> 32);
    }

    function validUntilOf(uint256 member) internal pure returns (uint32) {
        return uint32(member >> 48);
    }

    function leiOf(uint256 member) internal pure returns (bytes20) {
        return bytes20(uint160(member >> 96));
    }

    function packKey(uint32 member, uint16 scopes, uint8 status, uint56 limit, bool isOwn)
        internal
        pure
        returns (uint256)
    {
        return uint256(status) | uint256(scopes) << 8 | uint256(member) << 24 | uint256(limit) << 56
            | (isOwn ? uint256(1) << 112 : 0);
    }

    function scopesOf(uint256 key) internal pure returns (uint16) {
        return uint16(key >> 8);
    }

    function memberOf(uint256 key) internal pure returns (uint32) {
        return uint32(key >> 24);
    }

    function limitOf(uint256 key) internal pure returns (uint56) {
        return uint56(key >> 56);
    }

    function isAccount(uint256 key) internal pure returns (bool) {
        return (key >> 112) & 1 == 1;
    }

    /// @return the word with another status; it is the lowest field of both kinds
    function withStatus(uint256 word, uint8 status) internal pure returns (uint256) {
        return (word & ~uint256(0x7F)) | status;
    }
}
