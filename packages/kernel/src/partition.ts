const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of a subject: a hash of its id, so all events of a vehicle are in one partition.
 * FNV-1a over the UTF-16 code units, then the finalizer of MurmurHash3, which spreads sequential ids.
 * Never change it: the order of the log depends on it.
 */
export function partitionOf(subject: string, partitionCount: number): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < subject.length; at += 1) {
    hash = Math.imul(hash ^ subject.charCodeAt(at), FNV_PRIME);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitionCount;
}
