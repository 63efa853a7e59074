import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pause } from '@odograph/kernel/clock';
import { encodeRequest, METHODS, SERVERS } from '../contract.ts';
import { type Answer, call, frameMessage } from '../wire/call.ts';
import {
  callHeaders,
  END_STREAM,
  frameOf,
  HELLO,
  type Header,
  headerBlock,
  opening,
  PREFACE,
  repeatedHeaders,
  resetOf,
  settingsOf,
  TYPE,
  windowOf,
} from '../wire/frames.ts';
import type { Server } from '../wire/server.ts';
import { drawMessage, drawRepeated, repeatedFields } from './message.ts';
import { HOLD_MS, onSockets, type Send } from './on-sockets.ts';
import { pour } from './pour.ts';
import { REFLECTION, REFLECTION_SCRIPTS } from './reflection-scripts.ts';
import { LONGEST_TEXT, type Script, type ServerScripts, streamId, times } from './script.ts';

const HEALTH = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const HISTORY = '/odograph.history.v1';
const CACHE = '/odograph.cache.v1';
const ALERTING = '/odograph.alerting.v1';
const REPORT = '/odograph.telemetry.v1.TelemetryIngest/Report';
/** A call with a message of its own, a call without one, and calls with long answers, on each server. */
const UNARY = {
  ...{ history: `${HISTORY}.VehicleHistory/GetStatus`, ingest: REPORT },
  cache: `${CACHE}.VehicleStatus/Get`,
  alerting: `${ALERTING}.Alerts/Get`,
} as const;
const EMPTY = {
  ...{ history: `${HISTORY}.EventLog/Describe`, ingest: REPORT },
  cache: `${CACHE}.Cache/Stats`,
  alerting: `${ALERTING}.Alerts/Describe`,
} as const;
const LONG = {
  history: [`${HISTORY}.EventLog/Read`, `${HISTORY}.VehicleHistory/ListStatus`, REFLECTION],
  ingest: [REFLECTION],
  cache: [`${CACHE}.VehicleStatus/Watch`, `${CACHE}.VehicleStatus/List`, REFLECTION],
  alerting: [`${ALERTING}.Alerts/Watch`, `${ALERTING}.Alerts/List`, REFLECTION],
} as const;

/** Just below the limits of a message: 64 KiB on history, 1 MB on ingest. */
const REPEATED_BYTES = [65_000, 980_000] as const;

const nothing = frameMessage(Buffer.alloc(0));

function flood({ port }: Server, one: Buffer): Promise<readonly Answer[]> {
  const many = Buffer.concat(times(1_000, () => one));
  const write = async (send: Send) => {
    await send(HELLO);
    for (let left = 20; left > 0 && (await send(many)); ) left -= 1;
  };
  return onSockets([port], 10, write, { holdMs: 200 });
}

/** The same call with other headers, or other calls, over the connections that inputs share. */
function callEach(
  server: Server,
  calls: readonly { readonly path?: string; readonly headers?: Record<string, string> }[],
): Promise<readonly Answer[]> {
  const usual = { path: UNARY[server.name], bytes: nothing, deadlineMs: 500 };
  return Promise.all(calls.map((each) => call(server.session(), { ...usual, ...each })));
}

/** Opens calls that each have a header some times, on four connections, a few at a time, as all can be open. */
function repeatHeader(port: number, path: string, header: Header, count: number): Promise<readonly Answer[]> {
  const { first, further } = repeatedHeaders(path, '60S', header, count);
  const open = (at: number) => [
    (at === 0 ? first : further)(streamId(at)),
    frameOf(TYPE.DATA, END_STREAM, streamId(at), nothing),
  ];
  const calls = times(250, open).flat();
  return onSockets([port], 4, async (send) => {
    await send(HELLO);
    for (let at = 0; at < calls.length && (await send(...calls.slice(at, at + 100))); at += 100)
      await pause(50);
  });
}

/** 20,000 calls, as fast as they leave. */
function askEachAtOnce({ port }: Server, path: string): Promise<readonly Answer[]> {
  return onSockets([port], 20, async (send) => {
    await send(HELLO);
    const ask = (at: number) => [
      opening(streamId(at), path),
      frameOf(TYPE.DATA, END_STREAM, streamId(at), nothing),
    ];
    await send(...times(1_000, ask).flat());
  });
}

const TIMEOUTS = '0n 0S -1S 1 S 1e3m 99999999H 9999999999m 2147483648m 1.5S \u00ff'.split(' ');
const HOSTILE_HEADERS = [
  ...['', ...TIMEOUTS].map((value) => ['grpc-timeout', value] as const),
  ...['', 'text/html', 'application/grpc+json'].map((value) => ['content-type', value] as const),
  ...['', 'gzip,,', 'x'.repeat(5_000)].map((value) => ['grpc-encoding', value] as const),
  ...['!', 'a=b', '\u00e9'.repeat(100)].map((value) => ['x-fuzz-bin', value] as const),
  ...['00-0-0-0', '\u00ff', 'x'.repeat(5_000)].map((value) => ['traceparent', value] as const),
  ...['__proto__', 'constructor', 'grpc-internal-x'].map((name) => [name, 'x'] as const),
];

const SCRAPE = Buffer.from('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');

const UNKNOWN_PATHS = [
  ...['/', '*', '//', '/x', '/../../etc/passwd', '/odograph.history.v1.EventLog/', '/%00/%ff', '/a b/c'],
  ...[`/${'a'.repeat(60_000)}`, '/__proto__/__proto__', '/constructor/constructor'],
];

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
    frameOf(TYPE.SETTINGS, 0, 0, Buffer.alloc(5)),
    Buffer.concat([settingsOf(0), frameOf(TYPE.WINDOW_UPDATE, 0, 0, Buffer.from('7fffffff', 'hex'))]),
    Buffer.concat([settingsOf(0), frameOf(TYPE.DATA, 0, 99)]),
  ].map((frames) => Buffer.concat([PREFACE, frames])),
];

const FOR_EACH_SERVER: ServerScripts = {
  /** Each repeated field of each request, as long as a message may be: alone, with likely others, of hostile values. */
  async 'repeated fields'(server, random) {
    const answers: Answer[] = [];
    for (const { path, request } of METHODS.filter((method) => method.server === server.name)) {
      const messages = repeatedFields(request).flatMap((field) =>
        REPEATED_BYTES.flatMap((bytes) => {
          const many = drawRepeated(field, { random, hostility: 0 }, bytes);
          const one = drawMessage(request, { random, hostility: 0 });
          return [many, Buffer.concat([one, many]), drawRepeated(field, { random, hostility: 1 }, bytes)];
        }),
      );
      for (const message of messages)
        answers.push(await call(server.session(), { path, bytes: frameMessage(message), deadlineMs: 1_000 }));
    }
    return answers;
  },
  /** A GB of messages of which the end is missing, with much time left: what waits for an end must be bounded. */
  async 'messages that never end'(server) {
    const bytes = frameMessage(Buffer.alloc(900_000), 0, 990_000);
    const unread = { path: UNARY[server.name], deadlineMs: 2 * HOLD_MS, isOpen: true, reads: 0 };
    const sessions = [server.ownSession(), server.ownSession()];
    const calls = sessions.flatMap((session) =>
      times(600, () => call(session, { bytes, headers: { 'grpc-timeout': '60S' }, ...unread })),
    );
    await Promise.all(calls);
    for (const session of sessions) session.destroy();
    return [];
  },
  'DATA frames of one byte'(server) {
    const head = frameOf(TYPE.DATA, 0, 1, frameMessage(Buffer.alloc(0), 0, 900_000));
    const bytes = Buffer.concat(times(60_000, () => frameOf(TYPE.DATA, 0, 1, Buffer.from([1]))));
    const start = opening(1, UNARY[server.name], '1S');
    return onSockets([server.port], 20, (send) => send(HELLO, start, head, bytes));
  },
  'answers to a closed window'(server, random) {
    const path = random.pick(LONG[server.name]);
    const flags = path === REFLECTION ? 0 : END_STREAM;
    const calls = times(100, (at) => [
      opening(streamId(at), path, '60S'),
      frameOf(TYPE.DATA, flags, streamId(at), nothing),
    ]);
    return onSockets([server.port], 5, (send) => send(PREFACE, settingsOf(0), ...calls.flat()));
  },
  'answers that are taken byte by byte'(server) {
    const calls = times(100, (at) => [
      opening(streamId(at), EMPTY[server.name], '60S'),
      frameOf(TYPE.DATA, END_STREAM, streamId(at), nothing),
    ]);
    const grants = Buffer.concat(times(5_000, (at) => windowOf(streamId(at % 100), 1)));
    return onSockets([server.port], 10, async (send) => {
      await send(PREFACE, settingsOf(0), ...calls.flat());
      for (let left = 200; left > 0 && (await send(grants)); ) left -= 1;
    });
  },
  /** 60,000 calls that are open to the end, as far as the server lets them. */
  'calls on very many connections at once'(server) {
    const calls = times(100, (at) => [
      opening(streamId(at), UNARY[server.name], '60S'),
      frameOf(TYPE.DATA, 0, streamId(at), frameMessage(Buffer.alloc(3), 0, 100)),
    ]);
    const open = (send: Send) => send(HELLO, ...calls.flat());
    return onSockets([server.port], 600, open, { isReadToEnd: true });
  },
  /** nghttp2 ends a connection after about 1,000. */
  'complete requests, reset at once'(server) {
    const calls = times(950, (at) => [
      opening(streamId(at), EMPTY[server.name]),
      frameOf(TYPE.DATA, END_STREAM, streamId(at), nothing),
      resetOf(streamId(at)),
    ]);
    return onSockets([server.port], 20, (send) => send(HELLO, ...calls.flat()));
  },
  'CONTINUATION without end'(server) {
    const part = frameOf(TYPE.CONTINUATION, 0, 1, headerBlock([['x-fuzz', 'a'.repeat(8_000)]]));
    return onSockets([server.port], 10, async (send) => {
      await send(HELLO, frameOf(TYPE.HEADERS, 0, 1, headerBlock(callHeaders(HEALTH, '2S'))));
      for (let left = 500; left > 0 && (await send(part)); ) left -= 1;
    });
  },
  'PING flood': (server) => flood(server, frameOf(TYPE.PING, 0, 0, Buffer.alloc(8))),
  'SETTINGS flood': (server) => flood(server, settingsOf(65_535)),
  'empty DATA flood': (server) => flood(server, frameOf(TYPE.DATA, 0, 1)),
  'PRIORITY flood': (server) => flood(server, frameOf(TYPE.PRIORITY, 0, 3, Buffer.from([0, 0, 0, 1, 16]))),
  'unknown frames flood': (server) => flood(server, frameOf(0xbe, 0xff, 1, Buffer.alloc(64))),
  'huge headers'(server) {
    const pad = ['x-fuzz', 'a'.repeat(15_000)] as const;
    const [path] = LONG[server.name];
    return onSockets([server.port], 4, async (send) => {
      await send(HELLO);
      for (let at = 0; at < 200 && (await send(opening(streamId(at), path, '60S', pad))); ) at += 1;
    });
  },
  /** 60 KB of headers a call, and as many bytes as they may have. */
  async 'binary headers that HPACK repeats'({ port }) {
    const header = ['x-fuzz-bin', ','.repeat(4_000)] as const;
    return (await Promise.all([15, 3].map((count) => repeatHeader(port, WATCH, header, count)))).flat();
  },
  /** Neither is valid as metadata, and methods read the second one. */
  async 'headers that a library would log'({ port }) {
    const value = `\u009b31m\u009d0;title\u009c${'\u00ff'.repeat(3_900)}`;
    const names = ['x-fuzz', 'traceparent'];
    return (await Promise.all(names.map((name) => repeatHeader(port, HEALTH, [name, value], 3)))).flat();
  },
  'hostile headers': (server) =>
    callEach(
      server,
      HOSTILE_HEADERS.map(([name, value]) => ({ headers: { [name]: value } })),
    ),
  'unknown paths': (server) =>
    callEach(
      server,
      UNKNOWN_PATHS.map((path) => ({ path })),
    ),
  'half-open and broken connections'({ port, metricsPort }, random) {
    const garbage = () => createHash('sha512').update(String(random.next())).digest();
    const beginning = (at: number) =>
      BEGINNINGS[at % (BEGINNINGS.length + 1)] ?? Buffer.concat([PREFACE, garbage()]);
    return onSockets([port, metricsPort], 300, (send, at) => send(beginning(at)));
  },
  'many scrapes': ({ metricsPort }) =>
    onSockets([metricsPort], 200, (send) => send(...times(10, () => SCRAPE))),
  ...REFLECTION_SCRIPTS,
  'health that is asked without end': (server) => askEachAtOnce(server, HEALTH),
  'methods that do not exist, without end': (server) => askEachAtOnce(server, '/nothing/nothing'),
  async 'calls, then GOAWAY'(server) {
    const [path] = LONG[server.name];
    const calls = times(100, (at) => [
      opening(streamId(at), path, '60S'),
      frameOf(TYPE.DATA, END_STREAM, streamId(at), nothing),
    ]);
    const leave = frameOf(TYPE.GOAWAY, 0, 0, Buffer.alloc(8));
    return await onSockets([server.port], 10, (send) => send(HELLO, ...calls.flat(), leave));
  },
  'an upload after the refusal': async (server) => [
    await pour(server, '/nothing/nothing', '1S', Buffer.alloc(16_000)),
  ],
  async 'watches of names that do not exist'(server) {
    const session = server.ownSession();
    const name = (at: number) =>
      Buffer.concat([Buffer.from([0x0a, 0x80, 0xbf, 0x38]), Buffer.alloc(925_568, `n${at}-`)]);
    const watch = { path: WATCH, deadlineMs: 1_000, reads: 1 };
    await Promise.all(times(100, (at) => call(session, { ...watch, bytes: frameMessage(name(at)) })));
    session.destroy();
    return [];
  },
  /** A watch has its request until it ends: of four MB, of which four KB are sent. */
  async 'watches of names that gzip makes short, from two clients'(server) {
    const sessions = server.sessionsOfTwo();
    const name = encodeRequest(WATCH, { service: 'n'.repeat(LONGEST_TEXT[server.name]) });
    const bytes = frameMessage(gzipSync(name), 1);
    const watch = { path: WATCH, bytes, headers: { 'grpc-encoding': 'gzip' }, deadlineMs: 8_000, reads: 1 };
    await Promise.all(sessions.flatMap((session) => times(64, () => call(session, watch))));
    for (const session of sessions) session.destroy();
    return [];
  },
};

/** Hostile HTTP/2 and gRPC, whatever a service does. */
export const FRAME_SCRIPTS: readonly Script[] = Object.entries(FOR_EACH_SERVER).flatMap(([name, run]) =>
  SERVERS.map((server) => ({
    name: `${name}, ${server}`,
    run: (target, random) => run(target[server], random),
  })),
);
