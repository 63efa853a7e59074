import { EventEmitter } from 'node:events';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CALLS_IN_A_TURN, createReadTurns, OPENING_TURNS } from './read-turns.ts';

const CONNECTIONS = 20;

/** A server whose connections say whether they are read, without a network. */
function openServer() {
  const turns = createReadTurns();
  return {
    connect(remoteAddress = '10.0.0.1') {
      const [session, socket] = [new EventEmitter(), new EventEmitter()];
      let isRead = true;
      const _handle = {
        readStart: () => {
          isRead = true;
        },
        readStop: () => {
          isRead = false;
        },
      };
      turns.open(
        session as Http2Session,
        Object.assign(socket, { remoteAddress, _handle }) as unknown as Socket,
      );
      return {
        isRead: () => isRead,
        openCalls(count: number): readonly EventEmitter[] {
          const streams = Array.from({ length: count }, () => Object.assign(new EventEmitter(), { session }));
          for (const stream of streams) {
            session.emit('stream', stream);
            turns.add(stream as unknown as ServerHttp2Stream);
          }
          return streams;
        },
        close: () => socket.emit('close'),
      };
    },
  };
}

const read = (connections: readonly { isRead(): boolean }[]) => connections.filter(({ isRead }) => isRead());

test('a client that opens too many calls in a turn is read again in the next one; others are read on', async () => {
  const { connect } = openServer();
  const [busy, idle, other] = [connect(), connect(), connect('10.0.0.2')];
  busy.openCalls(CALLS_IN_A_TURN);
  expect(busy.isRead()).toBe(true);
  busy.openCalls(1);
  expect([busy.isRead(), idle.isRead(), other.isRead()]).toEqual([false, false, true]);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  expect([busy.isRead(), idle.isRead()]).toEqual([true, true]);
});

test('pieces of messages and ends of calls count too', async () => {
  const { connect } = openServer();
  const connection = connect();
  const [stream] = connection.openCalls(1);
  for (let piece = 0; connection.isRead() && piece < 1_000; piece += 1) stream?.emit('data', Buffer.alloc(1));
  expect(connection.isRead()).toBe(false);
  await nextTurn();
  await nextTurn();
  expect(connection.isRead()).toBe(true);
  const streams = connection.openCalls(CALLS_IN_A_TURN);
  for (const each of streams) each.emit('close');
  expect(connection.isRead()).toBe(false);
});

/** Runs turns in which all connections that are read open very many calls. Returns how often each of them was read. */
async function flood(
  connections: readonly ReturnType<ReturnType<typeof openServer>['connect']>[],
  turns: number,
) {
  const times = new Map<unknown, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const each of connections)
      if (each.isRead()) {
        each.openCalls(CALLS_IN_A_TURN * 2);
        times.set(each, (times.get(each) ?? 0) + 1);
      }
    await nextTurn();
  }
  return connections.map((each) => times.get(each) ?? 0);
}

test('of a client that sends very much on all connections one is read in a turn, and none waits for ever', async () => {
  const { connect } = openServer();
  const connections = Array.from({ length: CONNECTIONS }, () => connect());
  const times = await flood(connections, CONNECTIONS * 4);
  expect(Math.min(...times)).toBeGreaterThan(0);
  expect(times.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(CONNECTIONS * 4);
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

test('while connections are opened, none that waits is read, but not for ever', async () => {
  const { connect } = openServer();
  const busy = connect();
  await nextTurn();
  busy.openCalls(CALLS_IN_A_TURN + 1);
  let turns = 0;
  for (; !busy.isRead(); turns += 1) {
    connect('10.0.0.2');
    await nextTurn();
  }
  expect(turns).toBeGreaterThanOrEqual(OPENING_TURNS);
  expect(turns).toBeLessThanOrEqual(OPENING_TURNS + 2);
});

test('connections that have ended are forgotten, also while they wait', async () => {
  const { connect } = openServer();
  const connections = Array.from({ length: CONNECTIONS }, () => connect());
  connections[0]?.openCalls(CALLS_IN_A_TURN + 1);
  expect(read(connections)).toEqual([]);
  for (const each of connections) each.close();
  for (let turn = 0; turn < 9; turn += 1) await nextTurn();
  expect(read(connections)).toEqual([]);
  expect(connect().isRead()).toBe(true);
});
