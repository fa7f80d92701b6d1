// ethers as it comes, against the node at the URL given: sends, reads, listens, signs and reads errors.
// Prints what it saw as JSON; the same script runs on any node. Names of steps after the URL run those alone.
import assert from "node:assert/strict";
import {
  Contract, JsonRpcProvider, Wallet, WebSocketProvider, id, parseEther, verifyMessage, verifyTypedData, isError,
} from "ethers";
import { ECHO, ECHO_ABI, EMITTER, EMITTER_ABI, PHRASE_KEYS, initCode, note, word } from "./contracts.mjs";
import { play } from "./steps.mjs";

const url = process.argv[2];
// Without a cache an answer given a moment ago is not given again for a new question.
const options = { cacheTimeout: -1, pollingInterval: 20, staticNetwork: false };
const provider = new JsonRpcProvider(url, undefined, options);
const wallet = new Wallet(PHRASE_KEYS[0], provider);
const other = new Wallet(PHRASE_KEYS[1], provider);
const NOTED = id("Noted(uint256,uint256)");
const STRANGER = "0x1111111111111111111111111111111111111111";

const refusal = async (promise) => promise.then(() => assert.fail("was not refused"), (error) => error);
const sent = async (request, by = wallet) => (await by.sendTransaction(request)).wait();

// The gas is named: an estimate within the second that slot 0 already holds finds its storing too cheap.
const noting = (to, who, what) => ({ to, data: note(NOTED, who, what), gasLimit: 200000 });

async function deploy(runtime) {
  return (await sent({ data: initCode(runtime) })).contractAddress;
}

async function sendAndRead(emitter) {
  const receipt = await sent({ to: other.address, value: parseEther("1") });
  const [block, transaction] = [await receipt.getBlock(), await receipt.getTransaction()];
  assert.deepEqual(block.transactions, [receipt.hash]);
  assert.equal(transaction.blockNumber, block.number);
  const noted = await sent(noting(emitter, 7, 42));
  const contract = new Contract(emitter, EMITTER_ABI, provider);
  const found = await contract.queryFilter(contract.filters.Noted(7), 0);
  assert.equal(found[0].transactionHash, noted.hash);
  const whole = await provider.getBlock(noted.blockNumber, true);
  return {
    status: receipt.status, type: receipt.type, gasUsed: receipt.gasUsed, args: found[0].args.toArray(),
    none: (await contract.queryFilter(contract.filters.Noted(8), 0)).length,
    prefetched: whole.prefetchedTransactions[0].hash === noted.hash, balance: await provider.getBalance(other.address),
    confirmations: await noted.confirmations(), storage: (await provider.getStorage(emitter, 0)) !== `0x${word(0)}`,
  };
}

async function legacyAndListed(emitter) {
  const gasPrice = 10n ** 10n;
  const legacy = await sent({ type: 0, to: STRANGER, value: 1n, gasPrice });
  const accessList = [{ address: emitter, storageKeys: [`0x${word(0)}`] }];
  const listed = await sent({ type: 1, ...noting(emitter, 1, 1), gasPrice, accessList });
  const transaction = await listed.getTransaction();
  return {
    types: [legacy.type, listed.type], price: legacy.gasPrice, gas: listed.gasUsed > 21000n,
    list: transaction.accessList.length,
  };
}

/**
 * What a listener is called with after `act` ran over the same provider. It acts again until something was heard:
 * a provider that polls may look for the first time when the first block is there already.
 */
async function heard(source, event, act) {
  let seen;
  await source.once(event, (...given) => { seen = given; });
  do await act(); while (!seen);
  return seen;
}

async function listen(over, emitter) {
  const signer = wallet.connect(over);
  const contract = new Contract(emitter, EMITTER_ABI, over);
  const act = () => sent(noting(emitter, 9, 43), signer);
  const noted = await heard(contract, contract.filters.Noted(9), act);
  const block = await heard(over, "block", act);
  const receipt = await act();
  assert.ok(receipt.blockNumber > block[0]);
  return { noted: noted.at(-1).args.toArray() };
}

const TYPED = [
  { name: "Hanse", version: "1", chainId: 31337, verifyingContract: STRANGER },
  {
    Order: [{ name: "number", type: "string" }, { name: "lines", type: "Line[]" }],
    Line: [{ name: "id", type: "bytes32" }, { name: "amount", type: "uint256" }],
  },
  { number: "P-1", lines: [{ id: `0x${word(5)}`, amount: 12n }] },
];

async function sign() {
  const signer = await provider.getSigner(other.address);
  const typed = await signer.signTypedData(...TYPED);
  assert.equal(verifyTypedData(...TYPED, typed), other.address);
  assert.equal(typed, await other.signTypedData(...TYPED));
  const message = await signer.signMessage("hello");
  assert.equal(verifyMessage("hello", message), other.address);
  const receipt = await sent({ to: STRANGER, value: 5n }, signer);
  return { typed, message, from: receipt.from, status: receipt.status };
}

async function errors(emitter, echo) {
  const contract = new Contract(echo, ECHO_ABI, provider);
  const custom = await refusal(contract.Refused.staticCall(17));
  const reason = await refusal(contract.getFunction("Error").staticCall("too late"));
  const raw = await refusal(provider.call({ to: emitter }));
  const poor = await refusal(wallet.sendTransaction({ to: STRANGER, value: parseEther("99999999"), gasLimit: 21000 }));
  const old = await refusal(wallet.sendTransaction({ to: STRANGER, nonce: 0, gasLimit: 21000 }));
  const failed = await refusal(sent({ to: emitter, gasLimit: 100000 }));
  assert.ok(isError(custom, "CALL_EXCEPTION"));
  return {
    custom: [custom.revert.name, custom.revert.args.toArray()], reason: reason.reason, raw: raw.data,
    codes: [poor.code, old.code, failed.code], status: failed.receipt.status,
    missing: await provider.getTransactionReceipt(`0x${word(1)}`), noBlock: await provider.getBlock(99999),
  };
}

async function feesAndCalls(emitter) {
  const fees = await provider.getFeeData();
  const pending = await provider.getBlock("pending");
  const estimate = await provider.estimateGas({ from: wallet.address, to: emitter, data: note(NOTED, 1, 2) });
  assert.ok(fees.maxFeePerGas > fees.maxPriorityFeePerGas);
  const safe = await Promise.all(["safe", "finalized", "earliest"].map((tag) => provider.getBlock(tag)));
  return {
    tip: fees.maxPriorityFeePerGas > 0n, estimate: estimate > 21000n, tags: safe.every(Boolean),
    pending: pending.number - (await provider.getBlockNumber()), network: (await provider.getNetwork()).chainId,
    nonce: (await wallet.getNonce("pending")) - (await wallet.getNonce()),
  };
}

async function delegate(emitter) {
  const authorization = await other.authorize({ address: emitter });
  const receipt = await sent(
    { type: 4, authorizationList: [authorization], ...noting(other.address, 3, 4) },
  );
  const transaction = await receipt.getTransaction();
  const code = await provider.getCode(other.address);
  assert.equal(code, `0xef0100${emitter.slice(2).toLowerCase()}`);
  return { type: receipt.type, logs: receipt.logs.length, to: transaction.authorizationList[0].address };
}

async function steer() {
  const snapshot = await provider.send("evm_snapshot", []);
  const before = await provider.getBlock("latest");
  await provider.send("evm_increaseTime", [100]);
  await provider.send("hardhat_mine", ["0x2", "0x5"]);
  const after = await provider.getBlock("latest");
  assert.equal(after.number, before.number + 2);
  await provider.send("hardhat_setBalance", [STRANGER, "0xde0b6b3a7640000"]);
  await provider.send("hardhat_impersonateAccount", [STRANGER]);
  const signer = await provider.getSigner(STRANGER);
  const receipt = await sent({ to: wallet.address, value: 3n }, signer);
  await provider.send("hardhat_stopImpersonatingAccount", [STRANGER]);
  assert.equal(await provider.send("evm_revert", [snapshot]), true);
  assert.equal((await provider.getBlock("latest")).hash, before.hash);
  // By geth's words ethers knows an unknown method, and then carries the node's error one level deeper.
  const unknown = await refusal(provider.send("eth_nonesuch", []));
  return { from: receipt.from, unknown: (unknown.info?.error ?? unknown.error).code };
}

async function prepared() {
  const emitter = await deploy(EMITTER);
  const echo = await deploy(ECHO);
  const socket = new WebSocketProvider(url.replace("http", "ws"), undefined, options);
  return {
    sendAndRead: () => sendAndRead(emitter),
    legacyAndListed: () => legacyAndListed(emitter),
    listenByPolling: () => listen(provider, emitter),
    listenBySocket: () => listen(socket, emitter),
    sign,
    errors: () => errors(emitter, echo),
    feesAndCalls: () => feesAndCalls(emitter),
    delegate: () => delegate(emitter),
    steer,
  };
}

play(prepared);
