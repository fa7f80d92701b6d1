// A resident compiler for the proofs: one JSON job a line in, one JSON answer a line out. Started by compiler.py.
//
//   {"roots": ["src/A.sol"], "changed": {"src/lib/B.sol": "text"}, "trees": true}
//   {"artifacts": [...], "trees": {"src/A.sol": {...}}, "errors": ["..."]}
//   {"roots": ["src/A.sol"], "isAnalysis": true}       answers with the compiler's own words, no code generated;
//                                                       with "isChecked" only whether there are errors
//
// The least that via-IR can do without running out of stack: every statement keeps code of its own, and a compile
// takes a third of the time. The contracts that are deployed come from contracts/compile.mjs alone.

import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { artifactsOf } from "../../contracts/artifact.mjs";
import { read } from "../../contracts/compiler.mjs";

const CONTRACTS = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../contracts");
const SETTINGS = {
  viaIR: true,
  optimizer: {
    enabled: true,
    details: {
      peephole: false,
      inliner: false,
      jumpdestRemover: false,
      orderLiterals: false,
      deduplicate: false,
      cse: false,
      constantOptimizer: false,
      yul: true,
      yulDetails: { stackAllocation: true, optimizerSteps: "u" },
    },
  },
  evmVersion: "prague",
  metadata: { bytecodeHash: "none" },
};
const WANTED = [
  "abi",
  "metadata",
  "storageLayout",
  "evm.bytecode.object",
  "evm.bytecode.linkReferences",
  "evm.deployedBytecode.object",
  "evm.deployedBytecode.sourceMap",
  "evm.deployedBytecode.immutableReferences",
  "evm.deployedBytecode.linkReferences",
];

const solc = createRequire(path.join(CONTRACTS, "package.json"))("solc");

function compile({ roots, changed = {}, trees = false, isAnalysis = false, isChecked = false }) {
  const content = (name) => changed[name] ?? read(name, path.join(CONTRACTS, "src"));
  const chosen = (name) => (name.startsWith("src/") ? "*" : path.basename(name, ".sol"));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(roots.map((name) => [name, { content: content(name) }])),
    settings: {
      ...SETTINGS,
      outputSelection: isAnalysis
        ? { "*": { "*": ["abi", "evm.methodIdentifiers"], "": ["ast"] } }
        : {
            "*": { "": ["ast"] },
            ...Object.fromEntries(roots.map((name) => [name, { [chosen(name)]: WANTED, "": ["ast"] }])),
          },
    },
  };
  const found = (name) => {
    try {
      return { contents: content(name) };
    } catch (missing) {
      return { error: String(missing.message) };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
  const wrong = (output.errors ?? []).filter((e) => e.severity === "error");
  const errors = wrong.map((e) => e.formattedMessage);
  if (errors.length) return { artifacts: [], trees: {}, errors, places: wrong.map((e) => e.sourceLocation ?? null) };
  if (isAnalysis) return { output: isChecked ? {} : output, version: solc.version(), errors };
  const own = Object.entries(output.sources).filter(([name]) => trees && name.startsWith("src/"));
  return {
    artifacts: artifactsOf(output, new Set(roots)),
    trees: Object.fromEntries(own.map(([name, { ast }]) => [name, ast])),
    errors,
  };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
}
