/** Bytes taken in at a time by Keccak with 256 bits of output. */
const rate = 136;
const rounds = 24;

interface Constants {
  /** Where each lane goes, and by how many bits it is rotated on the way. */
  lanes: number[];
  rotations: number[];
  /** What is added to the first lane in each round: low and high half. */
  added: [number, number][];
}

// Not made before it is needed: each context of the proxy's script loads this file.
let known: Constants | undefined;

/** @see https://keccak.team/keccak_specs_summary.html */
function constants(): Constants {
  if (known !== undefined) return known;
  known = { lanes: [], rotations: [], added: [] };
  let [x, y, register] = [1, 0, 1];
  for (let round = 0; round < rounds; round++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    known.lanes.push(5 * y + x);
    known.rotations.push((((round + 1) * (round + 2)) / 2) % 64);
    let [low, high] = [0, 0];
    for (let j = 0; j < 7; j++) {
      register = ((register << 1) ^ ((register >> 7) * 0x71)) % 256;
      if ((register & 2) === 0) continue;
      const bit = 2 ** j - 1;
      if (bit < 32) low ^= 1 << bit;
      else high ^= 1 << (bit - 32);
    }
    known.added.push([low, high]);
  }
  return known;
}

/**
 * Keccak-256 as Ethereum uses it. For the proxy's script, which has no module for it: in halves of 32 bits, since BigInt is slow.
 * Some 100 µs for a transaction.
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  // 25 lanes of 64 bits, the low half first.
  const state = new Int32Array(50);
  const padded = new Uint8Array(Math.floor(bytes.length / rate + 1) * rate);
  padded.set(bytes);
  padded[bytes.length]! ^= 0x01;
  padded[padded.length - 1]! ^= 0x80;
  for (let start = 0; start < padded.length; start += rate) {
    for (let i = 0; i < rate; i++) {
      state[i >> 2]! ^= padded[start + i]! << (8 * (i & 3));
    }
    permute(state);
  }
  return Uint8Array.from({ length: 32 }, (_, i) => state[i >> 2]! >>> (8 * (i & 3)));
}

function permute(state: Int32Array): void {
  const { lanes, rotations, added } = constants();
  const columns = new Int32Array(10);
  for (const [low, high] of added) {
    theta(state, columns);
    rhoAndPi(state, lanes, rotations);
    chi(state, columns);
    state[0]! ^= low;
    state[1]! ^= high;
  }
}

function theta(state: Int32Array, columns: Int32Array): void {
  for (let x = 0; x < 10; x++) {
    columns[x] = state[x]! ^ state[x + 10]! ^ state[x + 20]! ^ state[x + 30]! ^ state[x + 40]!;
  }
  for (let x = 0; x < 10; x += 2) {
    const before = (x + 8) % 10;
    const after = (x + 2) % 10;
    const low = columns[before]! ^ ((columns[after]! << 1) | (columns[after + 1]! >>> 31));
    const high = columns[before + 1]! ^ ((columns[after + 1]! << 1) | (columns[after]! >>> 31));
    for (let y = 0; y < 50; y += 10) {
      state[x + y]! ^= low;
      state[x + y + 1]! ^= high;
    }
  }
}

function rhoAndPi(state: Int32Array, lanes: number[], rotations: number[]): void {
  let [low, high] = [state[2]!, state[3]!];
  for (let step = 0; step < rounds; step++) {
    const at = 2 * lanes[step]!;
    const bits = rotations[step]!;
    // Rotating by 32 or more is swapping the halves first.
    const [a, b] = bits < 32 ? [low, high] : [high, low];
    const left = bits % 32;
    [low, high] = [state[at]!, state[at + 1]!];
    state[at] = left === 0 ? a : (a << left) | (b >>> (32 - left));
    state[at + 1] = left === 0 ? b : (b << left) | (a >>> (32 - left));
  }
}

function chi(state: Int32Array, row: Int32Array): void {
  for (let y = 0; y < 50; y += 10) {
    for (let x = 0; x < 10; x++) row[x] = state[y + x]!;
    for (let x = 0; x < 10; x++) state[y + x]! ^= ~row[(x + 2) % 10]! & row[(x + 4) % 10]!;
  }
}
