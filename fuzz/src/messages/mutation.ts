import type { Random } from '@odograph/kernel/random';

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const BITS = 8;
/** A group within a group, field 15, and so on: a decoder that skips it by recursion needs as many stack frames. */
const GROUP_START = 0x7b;
const GROUP_END = 0x7c;
const DEEP = 20_000;

const group = (depth: number) =>
  Buffer.concat([Buffer.alloc(depth, GROUP_START), Buffer.alloc(depth, GROUP_END)]);

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'cut off': (bytes, random) => bytes.subarray(0, random.index(bytes.length + 1)),
  'bits flipped': (bytes, random) => {
    const flipped = Buffer.from(bytes);
    for (let count = 1 + random.index(BITS); count > 0 && bytes.length > 0; count -= 1) {
      const at = random.index(bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.index(BITS));
    }
    return flipped;
  },
  'bytes put in': (bytes, random) => {
    const at = random.index(bytes.length + 1);
    const drawn = Buffer.from(Array.from({ length: 1 + random.index(16) }, () => random.index(256)));
    return Buffer.concat([bytes.subarray(0, at), drawn, bytes.subarray(at)]);
  },
  twice: (bytes) => Buffer.concat([bytes, bytes]),
  'an unknown field': (bytes, random) =>
    Buffer.concat([bytes, Buffer.from([0xf2 | random.index(8), 0x7f]), Buffer.alloc(random.index(64), 1)]),
  'field 0': (bytes) => Buffer.concat([bytes, Buffer.from([0x00, 0x01])]),
  'an endless varint': (bytes) => Buffer.concat([bytes, Buffer.alloc(20, 0xff)]),
  'a group that does not end': (bytes) => Buffer.concat([bytes, Buffer.from([GROUP_START, 0x08, 0x01])]),
  'deep groups': (bytes) => Buffer.concat([bytes, group(DEEP)]),
};

export const MUTATION_NAMES = Object.keys(MUTATIONS) as [string, ...string[]];

/** Changes the bytes of a message. An unknown name leaves them as they are. */
export function mutate(name: string | undefined, bytes: Uint8Array, random: Random): Uint8Array {
  return name === undefined ? bytes : (MUTATIONS[name]?.(bytes, random) ?? bytes);
}
