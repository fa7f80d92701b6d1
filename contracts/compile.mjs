// Compile contracts/src to contracts/artifacts. Started by scripts/build_contracts.
//
//   node compile.mjs [--check] [--all] [--src DIR] [--out DIR] [NAME ...]
//
// Only files whose artifacts are not what they compile to, by the source hashes in the metadata, are compiled; --all
// compiles every one. With names, only the files called NAME.sol are looked at. Artifacts that no source stands behind
// are removed. --check compiles everything, writes nothing and compares with what is there.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { deployedBytes } from "./artifact.mjs";
import { isOurs, read } from "./compiler.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
// The protocol's limit is 24,576; the margin keeps a small fix from becoming a refactoring.
const SIZE_LIMIT = 24000;
// Deployed beside ours as it is.
const EXTRA = ["@openzeppelin/contracts/access/manager/AccessManager.sol"];

function options(args) {
  const chosen = { check: false, all: false, src: path.join(HERE, "src"), out: path.join(HERE, "artifacts"), names: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--check") chosen.check = true;
    else if (args[i] === "--all") chosen.all = true;
    else if (args[i] === "--src") chosen.src = path.resolve(args[++i]);
    else if (args[i] === "--out") chosen.out = path.resolve(args[++i]);
    else if (args[i].startsWith("-")) fail(`unknown option ${args[i]}; known: --check, --all, --src DIR, --out DIR`);
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

function written(out) {
  const names = existsSync(out) ? readdirSync(out).filter((name) => name.endsWith(".json")) : [];
  return new Map(names.map((name) => [name, readFileSync(path.join(out, name), "utf8")]));
}

/** Root files that have artifacts, all of them compiled from the sources as they are now. */
function freshRoots(texts, src) {
  const { keccak256 } = createRequire(import.meta.url)("js-sha3");
  const hashes = new Map();
  const hash = (name) => {
    if (!hashes.has(name)) {
      try {
        hashes.set(name, `0x${keccak256(read(name, src))}`);
      } catch {
        hashes.set(name, "missing");
      }
    }
    return hashes.get(name);
  };
  const fresh = new Map();
  for (const text of texts) {
    const { sourceName, metadata } = JSON.parse(text);
    const about = JSON.parse(metadata);
    const isFresh = isOurs(about) && Object.entries(about.sources).every(([name, { keccak256: listed }]) => hash(name) === listed);
    fresh.set(sourceName, isFresh && (fresh.get(sourceName) ?? true));
  }
  return new Set([...fresh].filter(([, isFresh]) => isFresh).map(([name]) => name));
}

/** Contracts take seconds each and are compiled apart; all interfaces and libraries together take one. */
function jobsOf(roots, src) {
  const isLight = (name) => name.startsWith("src/interfaces/") || name.startsWith("src/lib/");
  const light = roots.filter(isLight);
  const heavy = roots.filter((name) => !isLight(name)).map((name) => ({ roots: [name], src }));
  return light.length ? [...heavy, { roots: light, src }] : heavy;
}

function run(jobs) {
  const results = [];
  const waiting = [...jobs];
  const thread = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(path.join(HERE, "compiler.mjs"));
      const next = () => {
        const job = waiting.shift();
        if (job) worker.postMessage(job);
        else worker.terminate().then(resolve);
      };
      worker.on("message", (result) => {
        results.push(result);
        next();
      });
      worker.on("error", reject);
      next();
    });
  const threads = Math.min(jobs.length, os.availableParallelism());
  return Promise.all(Array.from({ length: threads }, thread)).then(() => results);
}

function gathered(results) {
  const messages = new Map(results.flatMap((result) => result.messages).map((message) => [message.text, message]));
  for (const text of messages.keys()) console.error(text);
  const errors = [...messages.values()].filter((message) => message.isError).length;
  if (errors) fail(`${errors} error(s); nothing was written`);
  const made = new Map();
  for (const artifact of results.flatMap((result) => result.artifacts)) {
    const known = made.get(artifact.contractName);
    if (known) fail(`${artifact.contractName} is declared in ${known.sourceName} and in ${artifact.sourceName}`);
    made.set(artifact.contractName, artifact);
  }
  return made;
}

function sizes(texts) {
  const artifacts = texts.map((text) => JSON.parse(text));
  const deployable = artifacts.map((a) => [a.contractName, deployedBytes(a)]).filter(([, size]) => size > 0).sort();
  const width = Math.max(8, ...deployable.map(([name]) => name.length));
  console.log(`${"contract".padEnd(width)}   bytes  of ${SIZE_LIMIT}`);
  for (const [name, size] of deployable) {
    console.log(`${name.padEnd(width)}  ${String(size).padStart(6)}  ${String(Math.round((size * 100) / SIZE_LIMIT)).padStart(3)} %`);
  }
  const over = deployable.filter(([, size]) => size > SIZE_LIMIT).map(([name, size]) => `${name} (${size})`);
  if (over.length) fail(`larger than ${SIZE_LIMIT} bytes: ${over.join(", ")}`);
}

async function main() {
  const chosen = options(process.argv.slice(2));
  const isNamed = (name) => !chosen.names.length || chosen.names.includes(path.basename(name, ".sol"));
  const everything = [...sourceNames(chosen.src), ...EXTRA];
  const named = everything.filter(isNamed);
  if (!named.length) fail(`no source file called ${chosen.names.join(", ")} under ${chosen.src}`);
  const before = written(chosen.out);
  const fresh = chosen.check || chosen.all ? new Set() : freshRoots(before.values(), chosen.src);
  const roots = named.filter((name) => !fresh.has(name));

  const made = gathered(await run(jobsOf(roots, chosen.src)));
  const files = new Map([...made].map(([name, artifact]) => [`${name}.json`, `${JSON.stringify(artifact, null, 1)}\n`]));
  const changed = [...files].filter(([name, text]) => before.get(name) !== text).map(([name]) => name).sort();
  // A compiled file may have lost a contract, and a file may be gone with all of its own.
  const isOrphan = (name) => {
    const { sourceName } = JSON.parse(before.get(name));
    return !files.has(name) && (roots.includes(sourceName) || !everything.includes(sourceName));
  };
  const orphans = [...before.keys()].filter(isOrphan).sort();

  if (chosen.check) {
    if (changed.length + orphans.length) fail(`artifacts are not what the sources compile to: ${[...changed, ...orphans].join(", ")}`);
    console.log(`${files.size} artifacts are what the sources compile to`);
    return;
  }
  mkdirSync(chosen.out, { recursive: true });
  for (const name of changed) writeFileSync(path.join(chosen.out, name), files.get(name));
  for (const name of orphans) rmSync(path.join(chosen.out, name));
  console.log(`${roots.length} of ${named.length} source files compiled, ${changed.length} artifacts changed, ${orphans.length} removed`);
  sizes([...written(chosen.out).values()]);
}

await main();
