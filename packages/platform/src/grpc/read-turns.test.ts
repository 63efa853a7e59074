import { EventEmitter } from 'node:events';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { CALL_COST, CALLS_IN_A_TURN } from './client-connections.ts';
import { ACCEPTING_TURNS, createReadTurns } from './read-turns.ts';

const CONNECTIONS = 20;

type Server = ReturnType<typeof openServer>;
type Connection = ReturnType<Server['connect']>;

/** A server whose connections say whether they are read, without a network. */
function openServer() {
  const warn = vi.fn();
  const turns = createReadTurns(warn);
  function connect(remoteAddress = '10.0.0.1') {
    const session = Object.assign(new EventEmitter(), { destroyed: false });
    const handle = { isRead: true, writeQueueSize: 0 };
    const _handle = Object.assign(handle, {
      readStart: () => Object.assign(handle, { isRead: true }),
      readStop: () => Object.assign(handle, { isRead: false }),
    });
    const socket = Object.assign(new EventEmitter(), { remoteAddress, _handle });
    turns.accepted();
    turns.open(session as unknown as Http2Session, socket as unknown as Socket);
    return {
      isRead: () => handle.isRead,
      openCalls(count: number): readonly EventEmitter[] {
        const streams = Array.from({ length: count }, () => Object.assign(new EventEmitter(), { session }));
        for (const stream of streams) {
          session.emit('stream', stream);
          turns.add(stream as unknown as ServerHttp2Stream);
        }
        return streams;
      },
      takeAnswers: (isTaking: boolean) => Object.assign(handle, { writeQueueSize: isTaking ? 0 : 1 }),
      close(streams: readonly EventEmitter[] = []) {
        session.destroyed = true;
        for (const stream of streams) stream.emit('close');
        socket.emit('close');
      },
    };
  }
  return { connect, accept: turns.accepted, warn };
}

async function runTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

test('a client that opens too many calls in a turn waits for the next one; others are read on', async () => {
  const { connect } = openServer();
  const [busy, idle, other] = [connect(), connect(), connect('10.0.0.2')];
  busy.openCalls(CALLS_IN_A_TURN);
  expect(busy.isRead()).toBe(true);
  busy.openCalls(1);
  expect([busy.isRead(), idle.isRead(), other.isRead()]).toEqual([false, false, true]);
  await runTurns(3);
  expect([busy.isRead(), idle.isRead()]).toEqual([true, true]);
});

test('pieces of messages count, each as a part of a call', async () => {
  const { connect } = openServer();
  const connection = connect();
  const [stream] = connection.openCalls(CALLS_IN_A_TURN - 1);
  for (let piece = 0; piece < CALL_COST; piece += 1) stream?.emit('data', Buffer.alloc(1));
  expect(connection.isRead()).toBe(true);
  stream?.emit('data', Buffer.alloc(1));
  expect(connection.isRead()).toBe(false);
  await runTurns(2);
  expect(connection.isRead()).toBe(true);
});

test('ends of calls count with the end of their connection, and not otherwise', async () => {
  const { connect } = openServer();
  const [one, other] = [connect(), connect()];
  const streams: EventEmitter[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    streams.push(...one.openCalls(CALLS_IN_A_TURN));
    await nextTurn();
  }
  for (const each of streams) each.emit('close');
  expect([one.isRead(), other.isRead()]).toEqual([true, true]);
  const left = [...one.openCalls(CALLS_IN_A_TURN)];
  for (let turn = 0; turn < 8; turn += 1) {
    await nextTurn();
    left.push(...one.openCalls(CALLS_IN_A_TURN));
  }
  await nextTurn();
  one.close(left);
  expect(other.isRead()).toBe(false);
  await nextTurn();
  expect(other.isRead()).toBe(true);
});

/** Runs turns in which all connections that are read open very many calls. Returns how often each of them was read. */
async function flood(connections: readonly Connection[], turns: number, calls = () => CALLS_IN_A_TURN * 2) {
  const times = new Map<Connection, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const each of connections.filter(({ isRead }) => isRead())) {
      each.openCalls(calls());
      times.set(each, (times.get(each) ?? 0) + 1);
    }
    await nextTurn();
  }
  return connections.map((each) => times.get(each) ?? 0);
}

test('of a client that sends very much on all connections one is read in a turn, and none waits for ever', async () => {
  const { connect } = openServer();
  const connections = Array.from({ length: CONNECTIONS }, () => connect());
  await runTurns(2);
  connections[0]?.openCalls(CALLS_IN_A_TURN + 1);
  const times = await flood(connections, CONNECTIONS * 4);
  expect(Math.min(...times)).toBeGreaterThan(0);
  expect(times.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(CONNECTIONS * 4);
});

test('idle connections, however old, keep none from being read', async () => {
  const { connect } = openServer();
  for (let left = CONNECTIONS; left > 0; left -= 1) connect();
  const heaviest = connect();
  const heavy = Array.from({ length: 5 }, () => connect());
  await runTurns(2);
  heaviest.openCalls(CALLS_IN_A_TURN * 8);
  let read = 0;
  for (let turn = 0; turn < CONNECTIONS * 8; turn += 1) {
    if (heaviest.isRead()) read += 1;
    await flood([...heavy, ...(heaviest.isRead() ? [heaviest] : [])], 1);
  }
  expect(read).toBeGreaterThan(CONNECTIONS / 4);
});

/** The most turns that a connection with one call in each of its turns waits beside those that send very much. */
async function longestWait(isNew: boolean): Promise<number> {
  const { connect } = openServer();
  const first = connect();
  const many = Array.from({ length: CONNECTIONS }, () => connect());
  first.openCalls(1);
  await nextTurn();
  await flood(many, 2);
  const one = isNew ? connect() : first;
  let [longest, waited] = [0, 0];
  for (let turn = 0; turn < CONNECTIONS * 4; turn += 1) {
    waited = one.isRead() ? 0 : waited + 1;
    longest = Math.max(longest, waited);
    if (one.isRead()) one.openCalls(1);
    await flood(many, 1);
  }
  return longest;
}

test.each([
  ['an old one', false, 3],
  // A turn takes it, and reads from none that waits.
  ['a new one', true, 4],
])('%s with few calls waits a few turns beside those with many', async (_, isNew, turns) => {
  expect(await longestWait(isNew)).toBeLessThanOrEqual(turns);
});

/** How many turns a connection waits whose client has sent too much, while connections of others come in each turn. */
async function waitBesideOpening(accept: (server: Server) => void): Promise<number> {
  const server = openServer();
  const busy = server.connect();
  await runTurns(2);
  busy.openCalls(CALLS_IN_A_TURN + 1);
  let turns = 0;
  for (; !busy.isRead(); turns += 1) {
    accept(server);
    await nextTurn();
  }
  return turns;
}

test.each([
  ['opened', ({ connect }: Server) => connect('10.0.0.2')],
  ['refused', ({ accept }: Server) => accept()],
])('while connections are %s, one that sent too much waits, but not for ever', async (_, accept) => {
  const turns = await waitBesideOpening(accept);
  expect(turns).toBeGreaterThanOrEqual(ACCEPTING_TURNS);
  expect(turns).toBeLessThanOrEqual(ACCEPTING_TURNS + 2);
});

test('connections that send little after too much are read again, while connections of others come', async () => {
  const { connect } = openServer();
  const many = Array.from({ length: 8 }, () => connect());
  await runTurns(2);
  many[0]?.openCalls(CALLS_IN_A_TURN + 1);
  await nextTurn();
  for (let turn = 0; turn < 4; turn += 1) {
    connect('10.0.0.2');
    await nextTurn();
  }
  expect(many.filter(({ isRead }) => isRead())).toHaveLength(many.length);
});

test('one whose answers are not taken is not read until they are', async () => {
  const { connect } = openServer();
  const [one, other] = [connect(), connect()];
  one.openCalls(CALLS_IN_A_TURN + 1);
  one.takeAnswers(false);
  await runTurns(6);
  expect([one.isRead(), other.isRead()]).toEqual([false, true]);
  one.takeAnswers(true);
  await vi.waitFor(() => expect(one.isRead()).toBe(true));
});

test('connections that have ended are forgotten, also while they wait', async () => {
  const { connect } = openServer();
  const connections = Array.from({ length: CONNECTIONS }, () => connect());
  connections[0]?.openCalls(CALLS_IN_A_TURN + 1);
  const areRead = () => connections.some(({ isRead }) => isRead());
  expect(areRead()).toBe(false);
  for (const each of connections) each.close();
  await runTurns(9);
  expect(areRead()).toBe(false);
  expect(connect().isRead()).toBe(true);
});

test('what connections sent before is forgotten with the last one that waits, also if it ends', async () => {
  const { connect } = openServer();
  const [heavy, unread] = [connect(), connect()];
  const many = Array.from({ length: CONNECTIONS }, () => connect());
  await runTurns(2);
  unread.takeAnswers(false);
  for (let times = 0; times < 2; times += 1) {
    heavy.openCalls(CALLS_IN_A_TURN * CONNECTIONS * 8);
    await runTurns(CONNECTIONS);
  }
  expect([heavy.isRead(), unread.isRead()]).toEqual([true, false]);
  unread.close();
  let read = 0;
  await flood(many, 1);
  for (let turn = 0; turn < CONNECTIONS; turn += 1) {
    if (heavy.isRead()) read += 1;
    await flood(many, 1);
  }
  expect(read).toBeGreaterThan(CONNECTIONS / 4);
});

test('a client that sends very much for a second is warned of, once', async () => {
  const { connect, warn } = openServer();
  const connections = Array.from({ length: CONNECTIONS }, () => connect());
  const untilMs = performance.now() + 1_200;
  while (performance.now() < untilMs) await flood(connections, 10);
  expect(warn.mock.calls).toEqual([['10.0.0.1']]);
});
