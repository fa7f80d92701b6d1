// viem as it comes, against the node at the URL given: sends, reads, watches, signs and steers it.
// Prints what it saw as JSON; the same script runs on any node. Names of steps after the URL run those alone.
import assert from "node:assert/strict";
import {
  createPublicClient, createTestClient, createWalletClient, http, parseAbi, parseEther, publicActions, verifyTypedData,
  walletActions, webSocket, toEventSelector, recoverMessageAddress, getAddress, keccak256, BaseError,
  ContractFunctionRevertedError,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { ECHO, ECHO_ABI, EMITTER, EMITTER_ABI, PHRASE_KEYS, initCode, note, word } from "./contracts.mjs";
import { play } from "./steps.mjs";

const url = process.argv[2];
const transport = http(url);
const [sender, other] = PHRASE_KEYS.map(privateKeyToAccount);
// No answer is kept: a block number of 20 ms ago may be one too low.
const options = { chain: foundry, pollingInterval: 20, cacheTime: 0 };
const reader = createPublicClient({ ...options, transport });
const wallet = createWalletClient({ ...options, transport, account: sender });
const unlocked = createWalletClient({ ...options, transport, account: other.address });
const node = createTestClient({ ...options, transport, mode: "anvil" }).extend(publicActions).extend(walletActions);
const abi = parseAbi(EMITTER_ABI);
const echoAbi = parseAbi(ECHO_ABI);
const NOTED = toEventSelector(abi[0]);
const STRANGER = "0x1111111111111111111111111111111111111111";

const mined = async (hash) => reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
const refusal = async (promise) => promise.then(() => assert.fail("was not refused"), (error) => error);

// The gas is named: an estimate within the second that slot 0 already holds finds its storing too cheap.
const noting = (to, who, what) => ({ to, data: note(NOTED, who, what), gas: 200000n });

async function deploy(runtime) {
  const receipt = await mined(await wallet.deployContract({ abi: [], bytecode: initCode(runtime) }));
  assert.equal(receipt.status, "success");
  return receipt.contractAddress;
}

/** The first value that `start(push)` pushes after `act` ran; `start` answers how to stop. */
async function firstSeen(start, act) {
  let stop = () => {};
  const seen = new Promise((resolve, reject) => { stop = start(resolve, reject); });
  await act();
  try {
    return await seen;
  } finally {
    stop();
  }
}

async function sendAndRead(emitter) {
  const hash = await wallet.sendTransaction({ to: other.address, value: parseEther("1") });
  const receipt = await mined(hash);
  const transaction = await reader.getTransaction({ hash });
  const block = await reader.getBlock({ blockHash: receipt.blockHash, includeTransactions: true });
  assert.equal(block.transactions[0].hash, hash);
  assert.equal(await reader.getBalance({ address: other.address }), parseEther("10001"));
  const noted = await mined(await wallet.sendTransaction(noting(emitter, 7, 42)));
  const logs = await reader.getContractEvents({ abi, address: emitter, fromBlock: 0n, args: { who: 7n } });
  const none = await reader.getContractEvents({ abi, address: emitter, fromBlock: 0n, args: { who: 8n } });
  assert.equal(logs[0].transactionHash, noted.transactionHash);
  return {
    status: receipt.status, type: transaction.type, gasUsed: receipt.gasUsed, logs: logs.map((log) => log.args),
    none: none.length, nonce: await reader.getTransactionCount({ address: sender.address, blockTag: "pending" }),
    code: await reader.getCode({ address: emitter }), confirmations: await reader.getTransactionConfirmations({ hash }),
  };
}

async function watch(emitter, over) {
  // It watches and sends over one transport, so that a subscription is there before what it is to see.
  const client = createPublicClient({ ...options, transport: over });
  const same = createWalletClient({ ...options, transport: over, account: sender });
  const send = () => same.sendTransaction(noting(emitter, 9, 43)).then(mined);
  const noted = await firstSeen((onLogs, onError) => client.watchContractEvent(
    { abi, address: emitter, eventName: "Noted", args: { who: 9n }, onLogs, onError },
  ), send);
  const number = await reader.getBlockNumber({ cacheTime: 0 });
  const block = await firstSeen((resolve, onError) => client.watchBlocks(
    { onBlock: (seen) => seen.number > number && resolve(seen), onError },
  ), send);
  const pending = await firstSeen((onTransactions, onError) => client.watchPendingTransactions(
    { onTransactions, onError },
  ), send);
  assert.equal(block.number, number + 1n);
  return { noted: noted[0].args, removed: noted[0].removed, pending: pending.length };
}

async function filters(emitter) {
  const logs = await reader.createContractEventFilter({ abi, address: emitter, eventName: "Noted" });
  const blocks = await reader.createBlockFilter();
  const pending = await reader.createPendingTransactionFilter();
  const receipt = await mined(await wallet.sendTransaction(noting(emitter, 1, 2)));
  const seen = {
    logs: (await reader.getFilterChanges({ filter: logs })).map((log) => log.args),
    again: (await reader.getFilterChanges({ filter: logs })).length,
    blocks: await reader.getFilterChanges({ filter: blocks }),
    pending: await reader.getFilterChanges({ filter: pending }),
    all: (await reader.getFilterLogs({ filter: logs })).length,
    gone: await reader.uninstallFilter({ filter: logs }),
  };
  assert.deepEqual(seen.blocks, [receipt.blockHash]);
  assert.deepEqual(seen.pending, [receipt.transactionHash]);
  await refusal(reader.getFilterChanges({ filter: logs }));
  return { ...seen, blocks: 1, pending: 1 };
}

const TYPED = {
  domain: { name: "Hanse", version: "1", chainId: 31337, verifyingContract: STRANGER },
  types: {
    Line: [{ name: "id", type: "bytes32" }, { name: "amount", type: "uint256" }],
    Order: [{ name: "number", type: "string" }, { name: "lines", type: "Line[]" }, { name: "open", type: "bool" }],
  },
  primaryType: "Order",
  message: { number: "P-1", lines: [{ id: `0x${word(5)}`, amount: 12n }], open: true },
};

async function sign() {
  const typed = await unlocked.signTypedData(TYPED);
  assert.ok(await verifyTypedData({ ...TYPED, address: other.address, signature: typed }));
  assert.equal(typed, await createWalletClient({ ...options, transport, account: other }).signTypedData(TYPED));
  const message = await unlocked.signMessage({ message: "hello" });
  assert.equal(await recoverMessageAddress({ message: "hello", signature: message }), other.address);
  const sent = await mined(await unlocked.sendTransaction({ to: STRANGER, value: 5n }));
  return { typed, message, sent: sent.status, accounts: await unlocked.getAddresses() };
}

async function errors(emitter, echo) {
  const thrown = async (functionName, args) => {
    const error = await refusal(reader.readContract({ abi: echoAbi, address: echo, functionName, args }));
    assert.ok(error instanceof BaseError);
    const revert = error.walk((one) => one instanceof ContractFunctionRevertedError);
    return { name: revert.data?.errorName, args: revert.data?.args, reason: revert.reason };
  };
  const estimate = await refusal(reader.estimateGas({ account: sender, to: emitter }));
  const poor = await refusal(wallet.sendTransaction({ to: STRANGER, value: parseEther("99999999"), gas: 21000n }));
  const missing = await refusal(reader.getTransactionReceipt({ hash: `0x${word(1)}` }));
  const old = await refusal(wallet.sendTransaction({ to: STRANGER, nonce: 0, gas: 21000n }));
  return {
    custom: await thrown("Refused", [17n]), reason: await thrown("Error", ["too late"]),
    estimate: estimate.walk().name, poor: poor.walk((one) => one.name === "InsufficientFundsError")?.name,
    missing: missing.name, old: old.walk((one) => one.name === "NonceTooLowError")?.name,
  };
}

async function proofsAndFees(emitter) {
  const proof = await reader.getProof({ address: emitter, storageKeys: [`0x${word(0)}`] });
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [25, 75] });
  const fees = await reader.estimateFeesPerGas();
  const list = await reader.createAccessList({ account: sender.address, to: emitter, data: note(NOTED, 1, 2) });
  assert.ok(fees.maxFeePerGas > fees.maxPriorityFeePerGas);
  assert.ok(list.gasUsed > 21000n);
  return {
    codeHash: proof.codeHash, value: proof.storageProof[0].value > 0n, rewards: history.reward,
    fees: history.baseFeePerGas.length, accessList: list.accessList, gasPrice: (await reader.getGasPrice()) > 0n,
  };
}

async function delegate(emitter) {
  const authorization = await wallet.signAuthorization({ account: other, contractAddress: emitter });
  const hash = await wallet.sendTransaction(
    { authorizationList: [authorization], ...noting(other.address, 3, 4) },
  );
  const receipt = await mined(hash);
  const { type, authorizationList } = await reader.getTransaction({ hash });
  const code = await reader.getCode({ address: other.address });
  assert.equal(code, `0xef0100${emitter.slice(2).toLowerCase()}`);
  return { type, status: receipt.status, logs: receipt.logs.length, to: authorizationList[0].address };
}

async function impersonate() {
  await node.setBalance({ address: STRANGER, value: parseEther("2") });
  await node.impersonateAccount({ address: STRANGER });
  const hash = await node.sendTransaction({ account: STRANGER, to: sender.address, value: parseEther("1") });
  const receipt = await mined(hash);
  await node.stopImpersonatingAccount({ address: STRANGER });
  const refused = await refusal(node.sendTransaction({ account: STRANGER, to: sender.address, value: 1n }));
  assert.ok(refused instanceof BaseError);
  return { from: receipt.from, status: receipt.status };
}

async function steer(emitter) {
  const snapshot = await node.snapshot();
  const before = await reader.getBlock();
  await node.increaseTime({ seconds: 3600 });
  await node.mine({ blocks: 3, interval: 10 });
  const after = await reader.getBlock();
  assert.equal(after.number, before.number + 3n);
  // Blocks of one second may have run ahead of the clock by as many seconds as there were blocks.
  assert.ok(after.timestamp - before.timestamp > 3500n);
  await node.setNextBlockTimestamp({ timestamp: after.timestamp + 1000n });
  await node.setNextBlockBaseFeePerGas({ baseFeePerGas: 5_000_000_000n });
  await node.setCoinbase({ address: STRANGER });
  await node.setBlockGasLimit({ gasLimit: 20_000_000n });
  await node.mine({ blocks: 1 });
  const made = await reader.getBlock();
  await node.setCode({ address: STRANGER, bytecode: ECHO });
  await node.setStorageAt({ address: emitter, index: 3, value: `0x${word(77)}` });
  await node.setNonce({ address: STRANGER, nonce: 9 });
  const state = {
    code: await reader.getCode({ address: STRANGER }), nonce: await reader.getTransactionCount({ address: STRANGER }),
    slot: await reader.getStorageAt({ address: emitter, slot: `0x3` }),
  };
  await node.revert({ id: snapshot });
  assert.equal((await reader.getBlock()).hash, before.hash);
  assert.equal(await reader.getCode({ address: STRANGER }), undefined);
  return {
    ...state, time: made.timestamp - after.timestamp, fee: made.baseFeePerGas, miner: made.miner, limit: made.gasLimit,
  };
}

async function pool() {
  await node.setAutomine(false);
  const automine = await node.getAutomine();
  const nonce = await reader.getTransactionCount({ address: sender.address });
  const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n, gas: 21000n };
  const kept = await wallet.sendTransaction({ to: STRANGER, value: 1n, nonce, ...fees });
  const dropped = await wallet.sendTransaction({ to: STRANGER, value: 2n, nonce: nonce + 1, ...fees });
  const gap = await wallet.sendTransaction({ to: STRANGER, value: 3n, nonce: nonce + 5, ...fees });
  const status = await node.getTxpoolStatus();
  const content = await node.getTxpoolContent();
  const inspected = await node.inspectTxpool();
  await node.dropTransaction({ hash: dropped });
  await node.mine({ blocks: 1 });
  const block = await reader.getBlock();
  assert.deepEqual(block.transactions, [kept]);
  await node.dropTransaction({ hash: gap });
  await node.setAutomine(true);
  const senderKey = Object.keys(content.pending).find((key) => getAddress(key) === sender.address);
  return {
    automine, status, pending: Object.keys(content.pending[senderKey]).length,
    queued: Object.keys(content.queued[senderKey] ?? {}).length, inspected: Object.keys(inspected.pending).length,
    again: await node.getAutomine(),
  };
}

async function dumpAndLoad() {
  const state = await node.dumpState();
  await node.setBalance({ address: "0x2222222222222222222222222222222222222222", value: 7n });
  await node.loadState({ state });
  return { balance: await reader.getBalance({ address: sender.address }) > 0n };
}

async function sendAndWait() {
  const request = await wallet.prepareTransactionRequest({ to: STRANGER, value: 3n });
  const serializedTransaction = await wallet.signTransaction(request);
  const receipt = await wallet.sendRawTransactionSync({ serializedTransaction });
  assert.equal(receipt.transactionHash, keccak256(serializedTransaction));
  return { status: receipt.status, gasUsed: receipt.gasUsed, accounts: await unlocked.requestAddresses() };
}

async function simulate(emitter) {
  const shown = (blocks) => blocks.map(({ calls }) => calls.map(({ data, gasUsed, logs, status }) => ({
    data, gasUsed, status, logs: (logs ?? []).map((log) => [log.address, log.topics, log.data]),
  })));
  const time = (await reader.getBlock()).timestamp + 10_000n;
  const sending = { from: STRANGER, to: "0x2222222222222222222222222222222222222222", value: parseEther("1") };
  const funded = [{ address: STRANGER, balance: parseEther("1") }];
  const blocks = await reader.simulateBlocks({
    blocks: [
      { calls: [sending], stateOverrides: funded },
      { calls: [{ to: emitter, data: note(NOTED, 1, 2) }], blockOverrides: { time } },
    ],
    traceTransfers: true,
  });
  assert.equal(BigInt(blocks[1].calls[0].data), time);
  const { results } = await reader.simulateCalls({
    account: sender.address, calls: [{ to: emitter, data: note(NOTED, 3, 4) }, { to: STRANGER, value: 1n }],
  });
  const [first, second] = shown(blocks);
  return { first, logs: second[0].logs, status: results.map((one) => one.status), logged: results[0].logs.length };
}

async function prepared() {
  const emitter = await deploy(EMITTER);
  const echo = await deploy(ECHO);
  return {
    chain: () => reader.getChainId(),
    sendAndRead: () => sendAndRead(emitter),
    watchByPolling: () => watch(emitter, transport),
    watchBySocket: () => watch(emitter, webSocket(url.replace("http", "ws"))),
    filters: () => filters(emitter),
    sign,
    errors: () => errors(emitter, echo),
    proofsAndFees: () => proofsAndFees(emitter),
    delegate: () => delegate(emitter),
    impersonate,
    steer: () => steer(emitter),
    pool,
    sendAndWait,
    simulate: () => simulate(emitter),
    dumpAndLoad,
  };
}

play(prepared);
