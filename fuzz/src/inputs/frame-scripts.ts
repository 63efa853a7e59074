import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { pause } from '@odograph/kernel/clock';
import type { Random } from '@odograph/kernel/random';
import { frameMessage } from '../messages/framing.ts';
import { judgeAnswers, notInTime } from '../verdict/judge-answer.ts';
import type { Broken } from '../verdict/violation.ts';
import { call } from '../wire/call.ts';
import {
  CONTINUATION,
  callHeaders,
  DATA,
  END_HEADERS,
  END_STREAM,
  frameOf,
  HEADERS,
  headerBlock,
  openRaw,
  PING,
  PREFACE,
  PRIORITY,
  type RawConnection,
  resetOf,
  SETTINGS,
  settingsOf,
  windowOf,
} from '../wire/raw.ts';
import { openSocket, type Server } from '../wire/server.ts';
import type { Script, Target } from './input.ts';
import { REPORT_PATH } from './reports.ts';

const READ_PATH = '/odograph.history.v1.EventLog/Read';
const HEALTH_PATH = '/grpc.health.v1.Health/Check';
const WATCH_PATH = '/grpc.health.v1.Health/Watch';
const REFLECTION_PATH = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const LISTS = [READ_PATH, '/odograph.history.v1.VehicleHistory/ListStatus', REFLECTION_PATH] as const;
/** How long what is open stays open. */
const HOLD_MS = 1_500;
/** The time of an unfinished call, and a second more. */
const TIMEOUT = '1000m';
const TIMED_OUT_MS = 2_000;

/** A script that is run against each server. */
interface ServerScript {
  readonly name: string;
  run(server: Server, target: Target, random: Random): Promise<readonly Broken[]>;
}

/** A call with a message of its own on each server. */
const unaryPath = ({ name }: Server) =>
  name === 'ingest' ? REPORT_PATH : '/odograph.history.v1.VehicleHistory/GetStatus';
const streamId = (at: number) => 2 * at + 1;
const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const opening = (stream: number, path: string, timeout?: string) =>
  frameOf(HEADERS, END_HEADERS, stream, headerBlock(callHeaders(path, timeout)));

/** A script that writes frames by hand to some connections at the same time, holds them, and cuts them. */
function onConnections(
  name: string,
  { count, holdMs = HOLD_MS, first }: { count: number; holdMs?: number; first?: Uint8Array },
  write: (connection: RawConnection, server: Server, random: Random) => Promise<void>,
): ServerScript {
  return {
    name,
    async run(server, _, random) {
      const connections = await Promise.all(times(count, () => openRaw(server, first)));
      await Promise.all(connections.map((connection) => write(connection, server, random)));
      await pause(holdMs);
      for (const connection of connections) connection.destroy();
      return [];
    },
  };
}

/** A GB of messages of which the end is missing, with much time left: what waits for an end must be bounded. */
const unfinished: ServerScript = {
  name: 'messages that never end',
  async run(server, target) {
    const bytes = frameMessage(Buffer.alloc(900_000), 0, 990_000);
    const headers = { 'grpc-timeout': '60S' };
    const unread = { path: unaryPath(server), deadlineMs: 2 * HOLD_MS, isOpen: true, reads: 0 };
    const sessions = times(2, () => server.ownSession());
    await Promise.all(
      sessions.flatMap((session) =>
        times(600, () => call(session, target.lag, { bytes, headers, ...unread })),
      ),
    );
    for (const session of sessions) session.destroy();
    return [];
  },
};

const oneByteFrames: ServerScript = {
  name: 'DATA frames of one byte',
  async run(server, target) {
    const lateMs = target.lag.start();
    const connections = await Promise.all(times(20, () => openRaw(server)));
    const head = frameOf(DATA, 0, 1, frameMessage(Buffer.alloc(0), 0, 900_000));
    const bytes = Buffer.concat(times(60_000, () => frameOf(DATA, 0, 1, Buffer.from([1]))));
    await Promise.all(
      connections.map((each) => each.send(opening(1, unaryPath(server), TIMEOUT), head, bytes)),
    );
    await pause(TIMED_OUT_MS + lateMs());
    const open = connections.filter(({ ended, isClosed }) => ended === 0 && !isClosed).length;
    for (const connection of connections) connection.destroy();
    return open > 0 ? [notInTime(`${open} of 20 unfinished calls are open`)] : [];
  },
};

const closedWindow = onConnections(
  'answers to a closed window',
  { count: 5, first: settingsOf(0) },
  async (connection, { name }, random) => {
    const path = name === 'ingest' ? REFLECTION_PATH : random.pick(LISTS);
    const calls = times(100, (at) => [
      opening(streamId(at), path, '60S'),
      frameOf(DATA, path === REFLECTION_PATH ? 0 : END_STREAM, streamId(at), frameMessage(Buffer.alloc(0))),
    ]);
    await connection.send(...calls.flat());
  },
);

/** Complete requests, each reset at once. nghttp2 ends a connection after about 1,000. */
const completeAndReset = onConnections(
  'complete requests, reset at once',
  { count: 20 },
  async (connection, server) => {
    const path = server.name === 'ingest' ? REPORT_PATH : '/odograph.history.v1.EventLog/Describe';
    const calls = times(950, (at) => [
      opening(streamId(at), path),
      frameOf(DATA, END_STREAM, streamId(at), frameMessage(Buffer.alloc(0))),
      resetOf(streamId(at)),
    ]);
    await connection.send(...calls.flat());
  },
);

const continuations = onConnections('CONTINUATION without end', { count: 10 }, async (connection) => {
  const part = headerBlock([['x-fuzz', 'a'.repeat(8_000)]]);
  await connection.send(frameOf(HEADERS, 0, 1, headerBlock(callHeaders(HEALTH_PATH))));
  for (let at = 0; at < 500 && !connection.isClosed; at += 1)
    await connection.send(frameOf(CONTINUATION, 0, 1, part));
});

const flood = (name: string, one: Buffer) =>
  onConnections(`${name} flood`, { count: 10, holdMs: 200 }, async (connection) => {
    const many = Buffer.concat(times(1_000, () => one));
    for (let at = 0; at < 20 && !connection.isClosed; at += 1) await connection.send(many);
  });

const floods = [
  flood('PING', frameOf(PING, 0, 0, Buffer.alloc(8))),
  flood('SETTINGS', settingsOf(65_535)),
  flood('empty DATA', frameOf(DATA, 0, 1)),
  flood('PRIORITY', frameOf(PRIORITY, 0, 3, Buffer.from([0, 0, 0, 1, 16]))),
  flood('unknown frames', frameOf(0xbe, 0xff, 1, Buffer.alloc(64))),
];

const hugeHeaders = onConnections('huge headers', { count: 4 }, async (connection, { name }) => {
  const path = name === 'ingest' ? REPORT_PATH : READ_PATH;
  for (let at = 0; at < 200 && !connection.isClosed; at += 1) {
    const pad = headerBlock([...callHeaders(path, '60S'), ['x-fuzz', 'a'.repeat(15_000)]]);
    await connection.send(frameOf(HEADERS, END_HEADERS, streamId(at), pad));
  }
});

const TIMEOUTS = [
  '0n',
  '0S',
  '-1S',
  '1',
  'S',
  '',
  '1e3m',
  '99999999H',
  '9999999999m',
  '2147483648m',
  '1.5S',
  '\u00ff',
];

const hostileHeaders: ServerScript = {
  name: 'hostile headers',
  async run(server, target) {
    const path = unaryPath(server);
    const send = (headers: Record<string, string>) =>
      call(server.session(), target.lag, {
        path,
        bytes: frameMessage(Buffer.alloc(0)),
        deadlineMs: 500,
        headers,
      });
    const answers = await Promise.all([
      ...TIMEOUTS.map((timeout) => send({ 'grpc-timeout': timeout })),
      ...['', 'text/html', 'application/grpc+json', 'application/grpc;;;'].map((type) =>
        send({ 'content-type': type }),
      ),
      ...['!', 'a=b', '\u00e9'.repeat(100)].map((value) => send({ 'x-fuzz-bin': value })),
      ...['', 'gzip,,', 'x'.repeat(5_000)].map((value) => send({ 'grpc-encoding': value })),
      ...['00-0-0-0', '\u00ff', 'x'.repeat(5_000)].map((value) => send({ traceparent: value })),
      ...['__proto__', 'constructor', 'grpc-internal-x'].map((name) => send({ [name]: 'x' })),
    ]);
    return judgeAnswers(...answers);
  },
};

const PATHS = [
  '/',
  '*',
  '//',
  '/x',
  '/../../etc/passwd',
  '/odograph.history.v1.EventLog/',
  '/%00/%ff',
  '/a b/c',
];

const unknownPaths: ServerScript = {
  name: 'unknown paths',
  async run(server, target) {
    const paths = [
      ...PATHS,
      `/${'a'.repeat(60_000)}`,
      ...['__proto__', 'constructor'].map((name) => `/${name}/${name}`),
    ];
    const bytes = frameMessage(Buffer.alloc(1_000));
    const answers = await Promise.all(
      paths.map((path) => call(server.session(), target.lag, { path, bytes, deadlineMs: 500 })),
    );
    return judgeAnswers(...answers);
  },
};

/** Not even HTTP/2, or something that only begins like it. */
const BEGINNINGS: readonly Buffer[] = [
  Buffer.alloc(0),
  PREFACE.subarray(0, 10),
  Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  // The hello of TLS.
  Buffer.from('16030100750100007103030000000000', 'hex'),
  PREFACE,
  ...[
    // A frame of 16 MB, settings of an odd length, a window above its limit, data for a stream that was never opened.
    Buffer.from('ffffff0000000000010000', 'hex'),
    frameOf(SETTINGS, 0, 0, Buffer.alloc(5)),
    Buffer.concat([settingsOf(0), windowOf(0, 0x7fffffff)]),
    Buffer.concat([settingsOf(0), frameOf(DATA, 0, 99)]),
  ].map((frames) => Buffer.concat([PREFACE, frames])),
];

const halfOpen: ServerScript = {
  name: 'half-open and broken connections',
  async run(server, _, random) {
    const ports = [server.port, server.metricsPort];
    const garbage = (at: number) => createHash('sha512').update(`${random.next()}${at}`).digest();
    const sockets = times(300, (at) => {
      const socket = openSocket(ports[at % ports.length] ?? server.port);
      socket.write(BEGINNINGS[at % (BEGINNINGS.length + 1)] ?? Buffer.concat([PREFACE, garbage(at)]));
      socket.resume();
      return socket;
    });
    await pause(HOLD_MS);
    for (const socket of sockets) socket.destroy();
    return [];
  },
};

/** Asks without reading an answer: what waits for the reader must not grow with what is asked. */
const reflectionUnread: ServerScript = {
  name: 'reflection that is not read',
  async run(server) {
    const session = server.ownSession();
    const stream = session.request({
      ...Object.fromEntries(callHeaders(REFLECTION_PATH, '60S')),
    });
    stream.on('error', () => undefined);
    const question = frameMessage(
      Buffer.concat([Buffer.from([0x0a, 0x80, 0xfa, 0x01]), Buffer.alloc(32_000, 'h')]),
    );
    const until = AbortSignal.timeout(4_000);
    while (!until.aborted && !stream.destroyed) {
      if (!stream.write(question)) await once(stream, 'drain', { signal: until }).catch(() => undefined);
    }
    session.destroy();
    return [];
  },
};

const watches: ServerScript = {
  name: 'watches of names that do not exist',
  async run(server, target) {
    const session = server.ownSession();
    await Promise.all(
      times(100, async (at) => {
        const name = Buffer.concat([Buffer.from([0x0a, 0x80, 0xbf, 0x38]), Buffer.alloc(925_568, `n${at}-`)]);
        await call(session, target.lag, {
          path: WATCH_PATH,
          bytes: frameMessage(name),
          deadlineMs: 1_000,
          reads: 1,
        });
      }),
    );
    session.destroy();
    return [];
  },
};

const scrapes: ServerScript = {
  name: 'many scrapes',
  async run({ metricsPort }) {
    const sockets = times(200, () => {
      const socket = openSocket(metricsPort);
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10));
      return socket;
    });
    await pause(HOLD_MS);
    for (const socket of sockets) socket.destroy();
    return [];
  },
};

const uploadAfterRefusal: ServerScript = {
  name: 'an upload after the refusal',
  async run(server, target) {
    const session = server.ownSession();
    const stream = session.request({ ...Object.fromEntries(callHeaders('/nothing/nothing', TIMEOUT)) });
    stream.on('error', () => undefined).resume();
    let isClosed = false;
    stream.once('close', () => {
      isClosed = true;
    });
    const startedAtMs = performance.now();
    const lateMs = target.lag.start();
    while (!isClosed && performance.now() < startedAtMs + TIMED_OUT_MS + lateMs()) {
      if (!stream.write(Buffer.alloc(16_000))) await pause(5);
    }
    session.destroy();
    return isClosed ? [] : [notInTime('a refused call takes bytes without end')];
  },
};

const FOR_EACH_SERVER: readonly ServerScript[] = [
  unfinished,
  oneByteFrames,
  closedWindow,
  completeAndReset,
  continuations,
  ...floods,
  hugeHeaders,
  hostileHeaders,
  unknownPaths,
  halfOpen,
  reflectionUnread,
  watches,
  scrapes,
  uploadAfterRefusal,
];

export const FRAME_SCRIPTS: readonly Script[] = FOR_EACH_SERVER.flatMap(({ name, run }) =>
  (['history', 'ingest'] as const).map((server) => ({
    name: `${name}, ${server}`,
    run: (target, random) => run(target.servers[server], target, random),
  })),
);
