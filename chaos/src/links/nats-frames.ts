import { Fault } from '@odograph/kernel/fault';
import { type ByteQueue, createFramer, type Direction, type Framer, type Framers } from './framer.ts';

/** A message of the NATS client protocol (https://docs.nats.io/reference/reference-protocols/nats-protocol). */
export interface NatsFrame {
  readonly protocol: 'nats';
  readonly direction: Direction;
  readonly bytes: Buffer;
  /** In upper case: `PUB`, `HMSG`, `+OK`. */
  readonly verb: string;
  /** Empty for verbs without one. */
  readonly subject: string;
  readonly replyTo?: string;
  /** Without headers. For `INFO`, `CONNECT` and `-ERR` it is their argument. */
  readonly payload: Buffer;
}

/** The framers of a new connection. */
export function natsFramers(): Framers<NatsFrame> {
  return { request: natsFramer('request'), reply: natsFramer('reply') };
}

/** A control line and the end of its message. */
interface Head {
  readonly verb: string;
  readonly subject: string;
  readonly replyTo?: string;
  /** Offsets are bytes from the start of the line. */
  readonly payloadAt: number;
  readonly payloadEnd: number;
  readonly length: number;
}

const CRLF = '\r\n';
/** A server accepts 4 KiB by default; the `INFO` of a large cluster is longer. */
const MAX_LINE_BYTES = 1024 * 1024;
/** The largest payload that a server can be configured to accept: 64 MiB. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

function natsFramer(direction: Direction): Framer<NatsFrame> {
  let head: Head | undefined;
  let searched = 0;

  /** Undefined while the line is incomplete. */
  function readHead(arrived: ByteQueue): Head | undefined {
    const bytes = arrived.peek(arrived.length);
    const lineEnd = bytes.indexOf(CRLF, searched, 'latin1');
    if (lineEnd !== -1) return parseHead(bytes.toString('utf8', 0, lineEnd), lineEnd);
    if (bytes.length > MAX_LINE_BYTES) throw notNats(bytes.toString('latin1', 0, 40));
    searched = Math.max(0, bytes.length - 1);
    return undefined;
  }

  return createFramer((arrived) => {
    if (arrived.length === 0) return undefined;
    head ??= readHead(arrived);
    if (!head || arrived.length < head.length) return undefined;
    const { verb, subject, replyTo, payloadAt, payloadEnd, length } = head;
    [head, searched] = [undefined, 0];
    const bytes = arrived.take(length);
    const payload = bytes.subarray(payloadAt, payloadEnd);
    return { protocol: 'nats', direction, bytes, verb, subject, ...(replyTo && { replyTo }), payload };
  });
}

function parseHead(line: string, lineEnd: number): Head {
  const [word = '', ...fields] = line.trimEnd().split(/[ \t]+/);
  const verb = word.toUpperCase();
  switch (verb) {
    case 'PUB':
    case 'MSG':
      return withPayload(verb, fields, lineEnd, false);
    case 'HPUB':
    case 'HMSG':
      return withPayload(verb, fields, lineEnd, true);
    case 'SUB':
      return { ...lineOnly(verb, word, lineEnd), subject: fields[0] ?? '' };
    default:
      return lineOnly(verb, word, lineEnd);
  }
}

function lineOnly(verb: string, word: string, lineEnd: number): Head {
  const payloadAt = Math.min(lineEnd, Buffer.byteLength(word) + 1);
  return { verb, subject: '', payloadAt, payloadEnd: lineEnd, length: lineEnd + CRLF.length };
}

/** `PUB subject [reply] #bytes`, `MSG subject sid [reply] #bytes`; with headers `#header-bytes #bytes` at the end. */
function withPayload(verb: string, fields: readonly string[], lineEnd: number, hasHeaders: boolean): Head {
  const total = Number(fields.at(-1));
  const headers = hasHeaders ? Number(fields.at(-2)) : 0;
  const names = fields.slice(0, hasHeaders ? -2 : -1);
  const [subject = '', ...others] = names;
  const replyTo = verb.endsWith('MSG') ? others[1] : others[0];
  const isValid = isLength(total) && isLength(headers) && headers <= total && subject !== '';
  if (!isValid) throw notNats(`${verb} ${fields.join(' ')}`);
  const payloadAt = lineEnd + CRLF.length + headers;
  const payloadEnd = payloadAt - headers + total;
  return {
    verb,
    subject,
    ...(replyTo && { replyTo }),
    payloadAt,
    payloadEnd,
    length: payloadEnd + CRLF.length,
  };
}

function isLength(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 0 && bytes <= MAX_PAYLOAD_BYTES;
}

function notNats(found: string): Fault {
  return new Fault('INVALID_INPUT', `not the NATS protocol: ${JSON.stringify(found)}`);
}
