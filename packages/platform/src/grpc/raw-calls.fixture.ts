import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import { onTestFinished, vi } from 'vitest';
import type { Handlers } from '../loopback.fixture.ts';

const { path } = TelemetryIngestService.report;
/** Settings of a client that takes no answer. Headers have no window. */
export const NO_WINDOW = { settings: { initialWindowSize: 0 } };

export const soon = (expectation: () => void) => vi.waitFor(expectation, { timeout: 10_000, interval: 10 });

/** A call, and what is known of its status. */
export type RawCall = ReturnType<ReturnType<typeof openRaw>['call']>;

/** A raw HTTP/2 connection, whose calls can be left unfinished. */
export function openRaw(endpoint: string, { settings = {}, localAddress = '127.0.0.1' } = {}) {
  const { hostname: host, port } = new URL(`http://${endpoint}`);
  const socket = connectSocket({ host, port: Number(port), localAddress });
  const createConnection = () => socket;
  const session: ClientHttp2Session = connect(`http://${endpoint}`, { settings, createConnection });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  const closed = new Promise((done) => session.once('close', done));
  const call = (to: string = path, headers: Readonly<Record<string, string>> = {}) => {
    const stream = session.request({
      ...{ ':method': 'POST', ':path': to, te: 'trailers', 'content-type': 'application/grpc' },
      ...headers,
    });
    stream.on('error', () => undefined);
    return { stream, status: statusOf(stream) };
  };
  return { session, socket, closed, call };
}

/** The gRPC status and message of a call; undefined until it has one. */
function statusOf(stream: ClientHttp2Stream) {
  const found: { code?: number; message?: string } = {};
  const read = (headers: Record<string, unknown>) => {
    if (headers['grpc-status'] === undefined) return;
    found.code = Number(headers['grpc-status']);
    found.message = decodeURI(String(headers['grpc-message'] ?? ''));
  };
  stream.on('response', read);
  stream.on('trailers', read);
  stream.resume();
  return found;
}

/** The beginning of a message that announces more bytes than are sent. */
export function begun(announced: number, sent: number): Buffer {
  const bytes = Buffer.alloc(5 + sent);
  bytes.writeUInt32BE(announced, 1);
  return bytes;
}

/** A complete message of this many zeros. */
export function whole(bytes: number): Buffer {
  return begun(bytes, bytes);
}

/** The same, compressed. */
export function compressed(bytes: number): Buffer {
  const message = gzipSync(Buffer.alloc(bytes));
  const head = begun(message.length, 0);
  head[0] = 1;
  return Buffer.concat([head, message]);
}

export const hang = () => Promise.withResolvers<never>().promise;

/** A handler of `Connect` that sends one answer and reads all requests. */
export const sendAndRead: NonNullable<Handlers['connect']> = async (requests, send) => {
  const readAll = async () => {
    for await (const _ of requests);
  };
  await Promise.all([send({ message: undefined }), readAll()]);
};

const SETTLES_WITHIN_MS = 50;
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** The bytes outside of the heap, as of buffers, that are in use. V8 frees what one collection finds in the next one. */
export function heldBytes(): number {
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** The same once what former tests held is free. */
export async function settledBytes(): Promise<number> {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    const now = heldBytes();
    if (now >= last) return now;
    last = now;
    await pause(SETTLES_WITHIN_MS);
  }
}
