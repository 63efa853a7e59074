import type { Scope } from './floors.ts';

/** Far below what NATS takes in a message, which is 1 MB by default. */
export const PART_BYTES = 256 * 1024;

/** Scopes in parts that fit into a message as JSON, in their order. One that alone has more is a part of its own. */
export function* partsOf(scopes: Iterable<Scope>): Generator<readonly Scope[]> {
  let part: Scope[] = [];
  let bytes = 0;
  for (const scope of scopes) {
    const more = Buffer.byteLength(JSON.stringify(scope)) + 1;
    if (part.length > 0 && bytes + more > PART_BYTES) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(scope);
    bytes += more;
  }
  if (part.length > 0) yield part;
}
