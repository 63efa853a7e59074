import { Fault } from '@odograph/kernel/fault';
import { ByteQueue } from './byte-queue.ts';
import type { Direction, Framer, Framers } from './framer.ts';

/** A message of the NATS client protocol (https://docs.nats.io/reference/reference-protocols/nats-protocol). */
export interface NatsFrame {
  readonly protocol: 'nats';
  readonly direction: Direction;
  readonly bytes: Buffer;
  /** In capitals: `PUB`, `HMSG`, `+OK`. */
  readonly verb: string;
  /** Empty for verbs without one. */
  readonly subject: string;
  readonly replyTo?: string;
  /** Without headers; for `INFO`, `CONNECT` and `-ERR` their argument. */
  readonly payload: Buffer;
}

/** Framers of a new connection. */
export function natsFramers(): Framers<NatsFrame> {
  return { request: natsFramer('request'), reply: natsFramer('reply') };
}

/** A control line, and where its message ends. */
interface Head {
  readonly verb: string;
  readonly subject: string;
  readonly replyTo?: string;
  /** Bytes from the line's first. */
  readonly payloadAt: number;
  readonly payloadEnd: number;
  readonly length: number;
}

const CRLF = '\r\n';
/** What a server takes at most unless told otherwise is 4 KiB; `INFO` of a large cluster has more. */
const MAX_LINE_BYTES = 1024 * 1024;
/** The largest payload that a server can be set to take: 64 MiB. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

function natsFramer(direction: Direction): Framer<NatsFrame> {
  const queue = new ByteQueue();
  let head: Head | undefined;
  let searched = 0;

  /** Undefined while the line is not whole. */
  function readHead(): Head | undefined {
    const bytes = queue.peek(queue.length);
    const lineEnd = bytes.indexOf(CRLF, searched, 'latin1');
    if (lineEnd !== -1) return parseHead(bytes.toString('utf8', 0, lineEnd), lineEnd);
    if (bytes.length > MAX_LINE_BYTES) throw strange(bytes.toString('latin1', 0, 40));
    searched = Math.max(0, bytes.length - 1);
    return undefined;
  }

  function next(): NatsFrame | undefined {
    if (queue.length === 0) return undefined;
    head ??= readHead();
    if (!head || queue.length < head.length) return undefined;
    const { verb, subject, replyTo, payloadAt, payloadEnd, length } = head;
    [head, searched] = [undefined, 0];
    const bytes = queue.take(length);
    const payload = bytes.subarray(payloadAt, payloadEnd);
    return { protocol: 'nats', direction, bytes, verb, subject, ...(replyTo && { replyTo }), payload };
  }

  return {
    push(chunk) {
      queue.push(chunk);
      const frames: NatsFrame[] = [];
      for (let frame = next(); frame; frame = next()) frames.push(frame);
      return frames;
    },
    rest: () => queue.take(queue.length),
  };
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
  const isSound = isLength(total) && isLength(headers) && headers <= total && subject !== '';
  if (!isSound) throw strange(`${verb} ${fields.join(' ')}`);
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

function strange(what: string): Fault {
  return new Fault('INVALID_INPUT', `not the NATS protocol: ${JSON.stringify(what)}`);
}
