import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Handlers, loopback } from '../loopback.fixture.ts';
import { MAX_BESIDE_CALLS_BYTES } from './bytes-beside-calls.ts';

const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONNECT = '/odograph.telemetry.v1.TelemetryIngest/Connect';

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** One header, written out (RFC 7541, section 6.2.2). */
function header(name: string, value: string): Buffer {
  const text = (of: string) => Buffer.concat([Buffer.from([of.length]), Buffer.from(of)]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** A connection of HTTP/2, of which no answer has a window. */
async function openSocket(endpoint: string, allowHalfOpen = false) {
  const { hostname: host, port } = new URL(`http://${endpoint}`);
  const socket = connectSocket({ host, port: Number(port), allowHalfOpen }).resume();
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const noWindow = Buffer.from([0, SETTINGS, 0, 0, 0, 0]);
  socket.write(frame(SETTINGS, 0, 0, noWindow));
  return socket;
}

/** Not `once`, which rejects on the error of a connection that is reset. */
const closed = (socket: Socket) => new Promise((done) => socket.once('close', done));

/** A connection on which an answer of `Connect` waits for a window. */
async function openWithWaitingAnswer(endpoint: string, allowHalfOpen = false) {
  const socket = await openSocket(endpoint, allowHalfOpen);
  const headers = [
    header(':method', 'POST'),
    header(':scheme', 'http'),
    header(':authority', 'localhost'),
    header(':path', CONNECT),
    header('content-type', 'application/grpc'),
    header('te', 'trailers'),
  ];
  socket.write(frame(HEADERS, 4, 1, Buffer.concat(headers)));
  return socket;
}

/** Has an answer that no window lets through at once, and counts the messages. */
function answerAndCount() {
  const counted = { messages: 0 };
  const connect: Handlers['connect'] = async (requests, send) => {
    const read = async () => {
      for await (const _ of requests) counted.messages += 1;
    };
    const batches = Array.from({ length: 20_000 }, (_, number) => ({ number, results: [] }));
    await Promise.all([send({ message: { $case: 'ack', value: { through: 1, batches } } }), read()]);
  };
  return { counted, connect };
}

test('a connection without a call that sends very many PING is ended', async () => {
  const { endpoint } = await loopback({});
  const socket = await openSocket(endpoint);
  const pings = Buffer.concat(Array.from({ length: 2_000 }, () => frame(PING, 0, 0, Buffer.alloc(8))));
  const timer = setInterval(() => socket.write(pings), 10);
  onTestFinished(() => clearInterval(timer));
  await closed(socket);
});

test('a connection that ends with GOAWAY is closed, also if its client keeps its half open', async () => {
  const { endpoint } = await loopback({ connect: async () => undefined });
  const socket = await openWithWaitingAnswer(endpoint, true);
  socket.write(frame(GOAWAY, 0, 0, Buffer.alloc(8)));
  const until = Promise.withResolvers<void>();
  socket.on('error', () => until.resolve());
  await once(socket, 'end');
  // Its half stays open; what it writes is refused once the connection is closed.
  const timer = setInterval(() => socket.write('x'), 100);
  onTestFinished(() => clearInterval(timer));
  await until.promise;
});

test('a server that stops does not wait for long for a client that keeps its half of a connection open', async () => {
  const { endpoint, server } = await loopback({});
  const socket = await openSocket(endpoint, true);
  socket.write(frame(PING, 0, 0, Buffer.alloc(8)));
  await once(socket, 'data');
  await server.stop(60_000);
});

test('a connection that takes its answers byte by byte is ended', async () => {
  const { endpoint } = await loopback({ connect: answerAndCount().connect });
  const socket = await openWithWaitingAnswer(endpoint);
  const grants = Buffer.concat(
    Array.from({ length: 5_000 }, () => frame(WINDOW_UPDATE, 0, 1, Buffer.from([0, 0, 0, 1]))),
  );
  const timer = setInterval(() => socket.write(grants), 20);
  onTestFinished(() => clearInterval(timer));
  await closed(socket);
});

test('a connection where an answer waits may bring any number of requests', async () => {
  const { counted, connect } = answerAndCount();
  const { endpoint } = await loopback({ connect });
  const socket = await openWithWaitingAnswer(endpoint);
  const messages = frame(DATA, 0, 1, Buffer.alloc(5 * 2_000));
  let sweeps = 0;
  const sweep = setInterval(() => {
    sweeps += 1;
  }, 1_000);
  onTestFinished(() => clearInterval(sweep));
  let sent = 0;
  // A busy machine takes longer to send more than a limit.
  for (; sweeps < 3 || sent * 5 <= MAX_BESIDE_CALLS_BYTES; sent += 2_000) {
    socket.write(messages);
    await vi.waitFor(() => expect(counted.messages).toBe(sent + 2_000), { interval: 1 });
  }
  expect(socket.destroyed).toBe(false);
});
