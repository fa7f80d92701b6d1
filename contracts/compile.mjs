// Compile contracts/src to contracts/artifacts. Started by scripts/build_contracts.
//
//   node compile.mjs [--check] [--src DIR] [--out DIR] [NAME ...]
//
// With names, only the source files called NAME.sol (and what they import) are compiled and written; without, all,
// and artifacts that no source stands behind are removed. --check writes nothing: it compares with what is there.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { artifactsOf, deployedBytes } from "./artifact.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.join(HERE, "node_modules");
const OPTIMIZER_RUNS = 200;
// The protocol's limit is 24,576; the margin keeps a small fix from becoming a refactoring.
const SIZE_LIMIT = 24000;
// Deployed beside ours as it is.
const EXTRA = ["@openzeppelin/contracts/access/manager/AccessManager.sol"];

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

function options(args) {
  const chosen = { check: false, src: path.join(HERE, "src"), out: path.join(HERE, "artifacts"), names: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--check") chosen.check = true;
    else if (args[i] === "--src") chosen.src = path.resolve(args[++i]);
    else if (args[i] === "--out") chosen.out = path.resolve(args[++i]);
    else if (args[i].startsWith("-")) fail(`unknown option ${args[i]}; known: --check, --src DIR, --out DIR`);
    else chosen.names.push(args[i]);
  }
  return chosen;
}

function fail(message) {
  console.error(`build_contracts: ${message}`);
  process.exit(1);
}

/** All .sol files below a folder, as virtual names src/... in sorted order. */
function sourceNames(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => `src/${name.split(path.sep).join("/")}`)
    .filter((name) => name.endsWith(".sol"))
    .sort();
}

/** What a virtual name stands for; only project sources and OpenZeppelin can be imported. */
function read(name, src) {
  if (name.startsWith("src/")) return readFileSync(path.join(src, name.slice(4)), "utf8");
  if (name.startsWith("@openzeppelin/")) return readFileSync(path.join(MODULES, name), "utf8");
  throw new Error(`${name} is neither under src/ nor under @openzeppelin/`);
}

function compile(roots, src) {
  const solc = createRequire(import.meta.url)("solc");
  const extra = Object.fromEntries(EXTRA.map((name) => [name, { [path.basename(name, ".sol")]: WANTED, "": ["ast"] }]));
  const project = Object.fromEntries(roots.filter((name) => !(name in extra)).map((name) => [name, { "*": WANTED, "": ["ast"] }]));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(roots.map((name) => [name, { content: read(name, src) }])),
    // The trees of imported files name the immutables and structs that ours inherit.
    settings: { ...SETTINGS, outputSelection: { "*": { "": ["ast"] }, ...project, ...extra } },
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
  for (const entry of told) console.error(entry.formattedMessage);
  const errors = told.filter((e) => e.severity === "error").length;
  if (errors) fail(`${errors} error(s); nothing was written`);
  return output;
}

function sizes(artifacts) {
  const deployable = artifacts.map((a) => [a.contractName, deployedBytes(a)]).filter(([, size]) => size > 0);
  const width = Math.max(8, ...deployable.map(([name]) => name.length));
  console.log(`${"contract".padEnd(width)}   bytes  of ${SIZE_LIMIT}`);
  for (const [name, size] of deployable) {
    console.log(`${name.padEnd(width)}  ${String(size).padStart(6)}  ${String(Math.round((size * 100) / SIZE_LIMIT)).padStart(3)} %`);
  }
  const over = deployable.filter(([, size]) => size > SIZE_LIMIT).map(([name, size]) => `${name} (${size})`);
  if (over.length) fail(`larger than ${SIZE_LIMIT} bytes: ${over.join(", ")}`);
}

/** Names whose file differs from what was just compiled, or has no source any more. */
function differing(files, out, isWhole) {
  const present = existsSync(out) ? readdirSync(out).filter((name) => name.endsWith(".json")) : [];
  const orphans = isWhole ? present.filter((name) => !files.has(name)) : [];
  const changed = [...files].filter(([name, text]) => !present.includes(name) || readFileSync(path.join(out, name), "utf8") !== text);
  return { changed: changed.map(([name]) => name), orphans };
}

function main() {
  const chosen = options(process.argv.slice(2));
  const all = sourceNames(chosen.src);
  const isWhole = chosen.names.length === 0;
  const roots = isWhole ? [...all, ...EXTRA] : all.filter((name) => chosen.names.includes(path.basename(name, ".sol")));
  if (!roots.length) fail(`no source file called ${chosen.names.join(", ")} under ${chosen.src}`);

  const output = compile(roots, chosen.src);
  const artifacts = artifactsOf(output, new Set(roots));
  const files = new Map(artifacts.map((a) => [`${a.contractName}.json`, `${JSON.stringify(a, null, 1)}\n`]));
  const { changed, orphans } = differing(files, chosen.out, isWhole);

  if (chosen.check) {
    if (changed.length + orphans.length) fail(`artifacts are not what the sources compile to: ${[...changed, ...orphans].join(", ")}`);
    console.log(`${files.size} artifacts are what the sources compile to`);
    return;
  }
  mkdirSync(chosen.out, { recursive: true });
  for (const name of changed) writeFileSync(path.join(chosen.out, name), files.get(name));
  for (const name of orphans) rmSync(path.join(chosen.out, name));
  console.log(`${files.size} artifacts, ${changed.length} changed, ${orphans.length} removed`);
  sizes(artifacts);
}

main();
