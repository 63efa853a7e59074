import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';
import { Fault } from '@odograph/kernel/fault';
import type { Writer } from './entry.ts';
import type { Version } from './version.ts';

// An entry as Redis and files have it: the *guard*, a line with its version and the floors of its key, which scripts of Redis
// read; then the *body*, a line of JSON and the value. A key without an entry has floors only, and no body.
// Times are durations, so that clocks of machines do not matter.

export interface StoredEntry {
  /** Undefined: the source has no value for this key. */
  readonly value: Uint8Array | undefined;
  readonly version: Version;
  readonly tags: readonly string[];
  readonly writer: Writer;
  /** How long ago it was read from its source, at the moment at which it was stored; the others are from then on. */
  readonly ageMs: number;
  readonly freshMs: number;
  readonly servedMs: number;
  readonly keptMs: number;
}

export interface Guarded {
  /** Empty if there is no entry. */
  readonly version: Version;
  readonly floors: Version;
  readonly body: Buffer;
}

/** How a value is stored: as it is, as DEFLATE (RFC 1951), or there is none. */
type Codec = 'raw' | 'deflate' | 'none';

interface Head {
  readonly t: readonly string[];
  readonly w: Writer;
  /** Age, and until when it is fresh, served and kept, in milliseconds. */
  readonly ms: readonly [number, number, number, number];
  readonly c: Codec;
}

/** Above this, compression would hold up others and is done by a thread. */
const LONG_BYTES = 64 * 1024;
/** Less gain than a tenth is not worth the work of reading it. */
const LEAST_GAIN = 0.9;
/** The fastest level: others gain a fifth more and take twice to five times as long. */
const DEFLATE = { level: 1 };
const DIGITS = 16;
const STAMP = /^([^=]+)=(\d{16})\.(\d{16})$/;
/** Of a value that is compressed. Bytes that are damaged may claim to become much longer. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;
const INFLATE = { maxOutputLength: MAX_VALUE_BYTES };
const NEW_LINE = 10;

const deflate = promisify<Uint8Array, typeof DEFLATE, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, typeof INFLATE, Buffer>(inflateRaw);

/** Stamps as text. Those of one domain are in their order if they are compared as text. */
export function versionText(version: Version): string {
  return version
    .map(({ domain, epoch, sequence }) => `${domain}=${digits(epoch)}.${digits(sequence)}`)
    .join(',');
}

const digits = (count: number) => String(count).padStart(DIGITS, '0');

export const guardLine = (version: Version, floors: Version) =>
  `${versionText(version)}|${versionText(floors)}\n`;

/** Throws a Fault INTERNAL if the bytes do not begin with a guard. */
export function readGuard(bytes: Buffer): Guarded {
  const end = bytes.indexOf(NEW_LINE);
  const parts = bytes.toString('latin1', 0, Math.max(end, 0)).split('|');
  if (end < 0 || parts.length !== 2) throw new Fault('INTERNAL', 'a stored entry has no guard');
  const [version = '', floors = ''] = parts;
  return { version: versionOf(version), floors: versionOf(floors), body: bytes.subarray(end + 1) };
}

function versionOf(text: string): Version {
  if (text === '') return [];
  return text.split(',').map((stamp) => {
    const [, domain, epoch, sequence] = STAMP.exec(stamp) ?? [];
    if (domain === undefined) throw new Fault('INTERNAL', `a stored entry has the stamp ${stamp}`);
    return { domain, epoch: Number(epoch), sequence: Number(sequence) };
  });
}

/** The body of an entry, whose value is compressed if it has at least these bytes and becomes smaller. */
export async function bodyOf(entry: StoredEntry, compressFromBytes: number): Promise<Buffer> {
  const { value } = entry;
  if (value === undefined) return joined(entry, 'none', new Uint8Array());
  if (value.length < compressFromBytes || value.length > MAX_VALUE_BYTES) return joined(entry, 'raw', value);
  const small = value.length > LONG_BYTES ? await deflate(value, DEFLATE) : deflateRawSync(value, DEFLATE);
  return small.length < value.length * LEAST_GAIN
    ? joined(entry, 'deflate', small)
    : joined(entry, 'raw', value);
}

function joined({ tags, writer, ...times }: StoredEntry, codec: Codec, bytes: Uint8Array): Buffer {
  const ms = [times.ageMs, times.freshMs, times.servedMs, times.keptMs].map(
    Math.round,
  ) as unknown as Head['ms'];
  const head: Head = { t: tags, w: writer, ms, c: codec };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
}

/** The entry; undefined if there is none. Throws if it cannot be read. */
export async function readBody({ version, body }: Guarded): Promise<StoredEntry | undefined> {
  if (body.length === 0) return undefined;
  const end = body.indexOf(NEW_LINE);
  const head: Head = JSON.parse(body.toString('utf8', 0, end));
  if (!Array.isArray(head.t) || !head.ms.every(Number.isFinite))
    throw new Fault('INTERNAL', 'a stored entry has another head');
  const [ageMs, freshMs, servedMs, keptMs] = head.ms;
  const value = await valueIn(head.c, body.subarray(end + 1));
  return { value, version, tags: head.t, writer: head.w, ageMs, freshMs, servedMs, keptMs };
}

async function valueIn(codec: Codec, bytes: Buffer): Promise<Uint8Array | undefined> {
  if (codec === 'none') return undefined;
  if (codec === 'raw') return withoutSlack(bytes);
  const isLong = bytes.length > LONG_BYTES / 4;
  return withoutSlack(isLong ? await inflate(bytes, INFLATE) : inflateRawSync(bytes, INFLATE));
}

/** Bytes that keep no larger buffer in memory, such as all that a socket has received or a block of zlib. */
function withoutSlack(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const exact = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(exact);
  return exact;
}
