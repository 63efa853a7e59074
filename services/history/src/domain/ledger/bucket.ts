/**
 * A part of the stored ledger: keys of a subject in a window whose hashes begin with some hex digits, at first none. Once it is
 * {@link isFull}, later keys go to the 16 buckets with one digit more. So a clock that has stopped fills many bounded
 * documents, and nearly every window has one.
 */
export interface BucketName {
  readonly subject: string;
  readonly window: number;
  /** The first hex digits of the hashes. */
  readonly prefix: string;
}

/** More keys than a vehicle sends in 15 minutes with ten reports a second: about 200 KB. */
const FULL_AT_KEYS = 16_384;
const HASH_DIGITS = 8;

/** The number of keys from which on a bucket takes no more; Infinity if there are no smaller buckets. */
export function capacityOf({ prefix }: BucketName): number {
  return prefix.length < HASH_DIGITS ? FULL_AT_KEYS : Infinity;
}

export function isFull(bucket: BucketName, count: number): boolean {
  return count >= capacityOf(bucket);
}

export function firstBucket(subject: string, window: number): BucketName {
  return { subject, window, prefix: '' };
}

/** The bucket in which a hash is after this one. */
export function nextBucket({ subject, window, prefix }: BucketName, hash: number): BucketName {
  const digits = hash.toString(16).padStart(HASH_DIGITS, '0');
  return { subject, window, prefix: digits.slice(0, prefix.length + 1) };
}

export function textOf({ subject, window, prefix }: BucketName): string {
  return `${subject}\n${window}\n${prefix}`;
}
