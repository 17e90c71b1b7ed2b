/** What tests ask for, in any engine. */

export function equal(found, expected, words = "") {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${words} found ${one}, expected ${other}`);
}

export function ok(condition, words) {
  if (!condition) throw new Error(words);
}

/** Numbers in 0..1 that are the same on every run. */
export function chance(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
