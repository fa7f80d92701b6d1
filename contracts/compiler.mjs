// One compiler run: project source files in, artifacts and messages out. Runs on threads of compile.mjs.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { artifactsOf } from "./artifact.mjs";

const MODULES = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules");
const OPTIMIZER_RUNS = 200;
const SETTINGS = {
  viaIR: true,
  optimizer: { enabled: true, runs: OPTIMIZER_RUNS },
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

/** Whether metadata was written under these settings; the compiler sorts and repeats them there. */
export function isOurs(metadata) {
  const { compiler, settings } = metadata;
  const release = createRequire(import.meta.url)("solc/package.json").version;
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  return (
    compiler.version.split("+")[0] === release && Object.entries(SETTINGS).every(([key, value]) => same(settings[key], value))
  );
}

/** What a virtual name stands for; only project sources and OpenZeppelin can be imported. */
export function read(name, src) {
  if (name.startsWith("src/")) return readFileSync(path.join(src, name.slice(4)), "utf8");
  if (name.startsWith("@openzeppelin/")) return readFileSync(path.join(MODULES, name), "utf8");
  throw new Error(`${name} is neither under src/ nor under @openzeppelin/`);
}

/** Compile the roots; what they import is read as they ask for it. */
export function compile({ roots, src }) {
  const solc = createRequire(import.meta.url)("solc");
  // A foreign file is asked for the one contract it is named after.
  const chosen = (name) => (name.startsWith("src/") ? "*" : path.basename(name, ".sol"));
  const asked = Object.fromEntries(roots.map((name) => [name, { [chosen(name)]: WANTED, "": ["ast"] }]));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(roots.map((name) => [name, { content: read(name, src) }])),
    // The trees of imported files name the immutables and structs that ours inherit.
    settings: { ...SETTINGS, outputSelection: { "*": { "": ["ast"] }, ...asked } },
  };
  const found = (name) => {
    try {
      return { contents: read(name, src) };
    } catch (missing) {
      return { error: String(missing.message) };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
  const told = (output.errors ?? []).filter((e) => e.severity === "error" || !e.sourceLocation?.file.startsWith("@"));
  const messages = told.map((e) => ({ isError: e.severity === "error", text: e.formattedMessage }));
  return { artifacts: messages.some((m) => m.isError) ? [] : artifactsOf(output, new Set(roots)), messages };
}

parentPort?.on("message", (job) => parentPort.postMessage(compile(job)));
