// The two hand-made contracts that the client scripts run, and what they answer by.

// Without call data it reverts with 0xdeadbeef. With some it stores the block's time in slot 0, logs word 0 under the
// topics word 1 and word 2, and returns the block's time.
export const EMITTER = "0x3660145763deadbeef60e01b60005260046000fd5b425f555f355f5260403560203560205fa2425f5260205ff3";
// Reverts with the very bytes that it is called with, so a call of an error's own selector fails with that error.
export const ECHO = "0x365f5f37365ffd";

/** What to send to deploy `runtime`. */
export function initCode(runtime) {
  const size = ((runtime.length - 2) / 2).toString(16).padStart(2, "0");
  return `0x60${size}600c60003960${size}6000f3${runtime.slice(2)}`;
}

export const word = (value) => BigInt(value).toString(16).padStart(64, "0");

/** Call data that makes the emitter log `what` as the event `Noted(uint256 indexed who, uint256 what)`. */
export const note = (topic, who, what) => `0x${word(what)}${topic.slice(2)}${word(who)}`;

export const EMITTER_ABI = ["event Noted(uint256 indexed who, uint256 what)"];
export const ECHO_ABI = [
  "error Refused(uint256 why)",
  "error Error(string reason)",
  "function Refused(uint256 why) view",
  "function Error(string reason) view",
];

export const PHRASE_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];
