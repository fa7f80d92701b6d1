"""Slither over what the compiler said. Runs in Slither's own environment, so it imports nothing of ours.

python analyse.py OUTPUT.json FINDINGS.json     from the folder that the sources' names count from
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from crytic_compile import CryticCompile
from crytic_compile.compilation_unit import CompilationUnit
from crytic_compile.compiler.compiler import CompilerVersion
from crytic_compile.platform.solc_standard_json import SolcStandardJson, parse_standard_json_output
from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector

NO_CODE = {"object": "", "sourceMap": ""}


class Compiled(SolcStandardJson):  # type: ignore[misc]  # its types are not installed where ours are checked
    """A platform that compiles nothing: the answer is there already."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__({"language": "Solidity", "sources": {}, "settings": {}})
        self._told = told

    def compile(self, crytic_compile: CryticCompile, **_: Any) -> None:
        """Hand over syntax trees and interfaces; Slither reads no bytecode."""
        unit = CompilationUnit(crytic_compile, "standard_json")
        version = self._told["version"].split("+")[0]
        unit.compiler_version = CompilerVersion(compiler="solc", version=version, optimized=True)
        for contracts in self._told["output"]["contracts"].values():
            for contract in contracts.values():
                contract["evm"] = {"bytecode": NO_CODE, "deployedBytecode": NO_CODE}
        parse_standard_json_output(self._told["output"], unit)


def place_of(element: dict[str, Any]) -> dict[str, str]:
    """Contract and function that an element stands in; a variable of the contract is its own place."""
    found = {"contract": "", "function": ""}
    at: dict[str, Any] | None = element
    while at:
        if at.get("type") in found and not found[at["type"]]:
            found[at["type"]] = at["name"]
        at = at.get("type_specific_fields", {}).get("parent")
    if not found["function"] and element.get("type") == "variable":
        found["function"] = element["name"]
    return found


def finding(result: dict[str, Any]) -> dict[str, Any]:
    """What is kept of one result."""
    first = result["elements"][0] if result["elements"] else {}
    mapping = first.get("source_mapping", {})
    # A part of an answer that the code leaves out by a comma is another thing than an answer nobody looks at.
    is_part = result["check"] == "unused-return" and "None" in result["description"]
    return {
        "check": "unused-return-part" if is_part else result["check"],
        "impact": result["impact"],
        "confidence": result["confidence"],
        "file": mapping.get("filename_relative", ""),
        "line": (mapping.get("lines") or [0])[0],
        **place_of(first),
        "description": result["description"].strip(),
    }


def main(told: Path, findings: Path) -> None:
    """Run every detector there is."""
    slither = Slither(CryticCompile(Compiled(json.loads(told.read_text()))))
    for _, detector in inspect.getmembers(all_detectors, inspect.isclass):
        if issubclass(detector, AbstractDetector):
            slither.register_detector(detector)
    results = [result for detected in slither.run_detectors() for result in detected]
    findings.write_text(json.dumps([finding(result) for result in results]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
