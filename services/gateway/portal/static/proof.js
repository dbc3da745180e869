// ALTCHA's proof of work (PoW v2): a second of this browser's time instead of minutes of waiting.

const ALGORITHM = "PBKDF2/SHA-256";
const AT_ONCE = 4;

/** The value of `X-Altcha` that answers a challenge; null when this browser cannot work on it. */
export async function proof(challenge) {
  const { algorithm, keyPrefix } = challenge.parameters;
  if (!globalThis.crypto?.subtle || algorithm !== ALGORITHM) return null;
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, index) => first + index);
    const keys = await Promise.all(counters.map((counter) => derived(challenge.parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(keyPrefix));
    if (found >= 0) return btoa(JSON.stringify({ challenge, solution: { counter: counters[found], derivedKey: keys[found] } }));
  }
}

// The password is the nonce, then the counter as four bytes, the highest first.
async function derived({ nonce, salt, cost, keyLength }, counter) {
  const password = new Uint8Array([...bytes(nonce), counter >>> 24, counter >>> 16, counter >>> 8, counter]);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const rounds = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const bits = await crypto.subtle.deriveBits(rounds, key, 8 * keyLength);
  return Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
}
