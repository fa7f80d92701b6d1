// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IReceivableRenderer} from "./interfaces/IReceivableRenderer.sol";
import {Phase} from "./lib/Terms.sol";

/// @title What a wallet shows of a receivable
/// @dev Without storage and without questions: who asks says all that is shown, and nothing of the trade trusts it.
contract ReceivableRenderer is IReceivableRenderer {
    using Strings for address;
    using Strings for uint256;

    // A token may call itself anything; longer names are cut.
    uint256 private constant LONGEST_SYMBOL = 12;

    /// @inheritdoc IReceivableRenderer
    function render(Picture calldata picture) external pure returns (string memory) {
        string memory symbol = _plain(picture.symbol);
        string memory face = string.concat(_amount(picture.face, picture.exponent), " ", symbol);
        string memory json = string.concat(
            '{"name":"',
            _title(picture),
            '","description":"',
            _description(picture, face),
            '","image":"data:image/svg+xml;base64,',
            Base64.encode(bytes(_image(picture, _amount(picture.face, picture.exponent)))),
            '","attributes":[',
            _money(picture, symbol),
            _life(picture),
            _parties(picture),
            "]}"
        );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    function _title(Picture calldata picture) private pure returns (string memory) {
        // The low byte numbers shares; what tells orders apart stands above it.
        string memory order = (picture.id >> 224).toHexString(4);
        if (picture.share == 0) return string.concat("Hanse receivable ", order);
        return string.concat("Hanse receivable ", order, ", share ", uint256(picture.share).toString());
    }

    function _description(Picture calldata picture, string memory face) private pure returns (string memory) {
        return string.concat(
            "The right to be paid ",
            face,
            " by member ",
            uint256(picture.buyer).toString(),
            " of the network once its order is fulfilled. It moves between members in good standing only, and not after ",
            "goods were released or money was lent on it."
        );
    }

    /// @dev Digits and fixed words only, so that nothing in it needs escaping.
    function _image(Picture calldata picture, string memory face) private pure returns (string memory) {
        return string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200"><rect width="320" height="200" rx="12" ',
            'fill="#12324a"/><g font-family="sans-serif" fill="#fff"><text x="20" y="44" font-size="20">',
            _title(picture),
            '</text><text x="20" y="108" font-size="30">',
            face,
            '</text><text x="20" y="164" font-size="18">',
            _phase(picture.phase),
            picture.isHeld ? ", on hold" : "",
            "</text></g></svg>"
        );
    }

    function _money(Picture calldata picture, string memory symbol) private pure returns (string memory) {
        // What is reduced or paid never exceeds the face (R1).
        uint256 open = uint256(picture.face) - picture.reduced - picture.paid;
        return string.concat(
            _text("Face", _amount(picture.face, picture.exponent)),
            _text("Open", _amount(open, picture.exponent)),
            _text("Paid", _amount(picture.paid, picture.exponent)),
            _text("Currency", symbol),
            _number("Currency code", picture.currency)
        );
    }

    function _life(Picture calldata picture) private pure returns (string memory) {
        return string.concat(
            _text("Phase", _phase(picture.phase)),
            _text("On hold", picture.isHeld ? "yes" : "no"),
            picture.due == 0 ? _text("Due", "not set") : _date("Due", picture.due),
            _date("Expiry", picture.expiry)
        );
    }

    function _parties(Picture calldata picture) private pure returns (string memory) {
        return string.concat(
            _number("Buyer", picture.buyer),
            _number("Holder", picture.holder),
            // The last attribute has no comma behind it.
            '{"trait_type":"Holder account","value":"',
            picture.account.toChecksumHexString(),
            '"}'
        );
    }

    function _text(string memory trait, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', trait, '","value":"', value, '"},');
    }

    function _number(string memory trait, uint256 value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', trait, '","value":', value.toString(), "},");
    }

    function _date(string memory trait, uint256 value) private pure returns (string memory) {
        return string.concat(
            '{"display_type":"date","trait_type":"', trait, '","value":', value.toString(), "},"
        );
    }

    function _phase(Phase phase) private pure returns (string memory) {
        if (phase == Phase.Accepted) return "accepted";
        if (phase == Phase.Shipped) return "shipped";
        if (phase == Phase.Released) return "released";
        if (phase == Phase.Cleared) return "cleared";
        return phase == Phase.Closed ? "closed" : "none";
    }

    /// @dev Decimal digits with the currency's own number of decimals: 5, 5.00, 5.000.
    function _amount(uint256 minor, uint256 exponent) private pure returns (string memory) {
        if (exponent == 0) return minor.toString();
        bytes memory digits = bytes(minor.toString());
        uint256 length = digits.length > exponent ? digits.length : exponent + 1;
        bytes memory text = new bytes(length + 1);
        uint256 zeros = length - digits.length;
        uint256 place;
        // at most as many digits as an amount below 2^56 has, or the exponent
        for (uint256 i; i < length; ++i) {
            if (i == length - exponent) text[place++] = ".";
            text[place++] = i < zeros ? bytes1("0") : digits[i - zeros];
        }
        return string(text);
    }

    /// @dev A token's own words: printable ASCII, cut, and escaped, so that the JSON stays JSON.
    function _plain(string calldata symbol) private pure returns (string memory) {
        bytes calldata raw = bytes(symbol);
        uint256 length = raw.length < LONGEST_SYMBOL ? raw.length : LONGEST_SYMBOL;
        bytes memory text = new bytes(length);
        // at most LONGEST_SYMBOL
        for (uint256 i; i < length; ++i) {
            bytes1 char = raw[i];
            text[i] = char < 0x20 || char > 0x7E ? bytes1("?") : char;
        }
        return Strings.escapeJSON(string(text));
    }
}
