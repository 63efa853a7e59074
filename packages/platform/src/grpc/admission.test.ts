import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type AdmissionLimits, createAdmission } from './admission.ts';

const FEW: AdmissionLimits = { perClient: 2, inAll: 8, waitingPerClient: 4 };

/** Calls that begin when they are admitted, and are listed by their names. */
function openCalls(limits: Partial<AdmissionLimits> = {}) {
  const { enter } = createAdmission({ ...FEW, ...limits });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const call = async (client: string, name: string, signal = new AbortController().signal) => {
    const end = await enter(client, signal);
    begun.push(name);
    ends.set(name, end);
  };
  const calls = (client: string, ...names: readonly string[]) => names.map((name) => call(client, name));
  const settled = async () => {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    return begun.splice(0);
  };
  const end = (name: string) => ends.get(name)?.();
  return { call, calls, settled, end };
}

test('a client has some calls at work, and the others wait in order', async () => {
  const { calls, settled, end } = openCalls();
  void calls('a', 'a1', 'a2', 'a3', 'a4');
  expect(await settled()).toEqual(['a1', 'a2']);
  end('a1');
  end('a1');
  expect(await settled()).toEqual(['a3']);
  end('a2');
  expect(await settled()).toEqual(['a4']);
});

test('clients take turns, however many calls one of them has', async () => {
  const { calls, settled, end } = openCalls({ inAll: 4, waitingPerClient: 100 });
  void calls('busy', ...Array.from({ length: 50 }, (_, at) => `busy${at}`));
  expect(await settled()).toEqual(['busy0', 'busy1']);
  void calls('b', 'b1', 'b2', 'b3');
  void calls('c', 'c1', 'c2');
  expect(await settled()).toEqual(['b1', 'c1']);
  end('busy0');
  expect(await settled()).toEqual([]);
  end('busy1');
  expect(await settled()).toEqual(['busy2']);
  end('b1');
  end('c1');
  expect(await settled()).toEqual(['b2', 'c2']);
});

test('there is a place for a client that has none, however many others have all that they may have', async () => {
  const { calls, settled } = openCalls();
  for (const client of ['a', 'b', 'c', 'd']) void calls(client, `${client}1`, `${client}2`);
  expect(await settled()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1']);
  void calls('e', 'e1');
  expect(await settled()).toEqual(['e1']);
});

test('a call that is reset before its turn never begins', async () => {
  const { call, calls, settled, end } = openCalls();
  const leaving = new AbortController();
  const atOnce = expect(call('a', 'reset', leaving.signal)).rejects.toThrow('gone');
  leaving.abort(new Error('gone'));
  await atOnce;

  void calls('a', 'a1', 'a2');
  await settled();
  const waiting = new AbortController();
  const later = expect(call('a', 'late', waiting.signal)).rejects.toThrow('left');
  await settled();
  waiting.abort(new Error('left'));
  await later;
  void calls('a', 'a3');
  end('a1');
  expect(await settled()).toEqual(['a3']);
});

test('a call that is reset in its turn does not begin, and leaves its place to the next one', async () => {
  const { call, calls, settled, end } = openCalls();
  void calls('a', 'a1', 'a2');
  await settled();
  const leaving = new AbortController();
  const reset = expect(call('a', 'reset', leaving.signal)).rejects.toThrow('gone');
  void calls('a', 'a3');
  await settled();
  end('a1');
  leaving.abort(new Error('gone'));
  await reset;
  expect(await settled()).toEqual(['a3']);
});

test('a client with too many calls that wait is told to make fewer, and others are not', async () => {
  const { calls, settled } = openCalls();
  const all = calls('a', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6');
  await settled();
  const [refused] = calls('a', 'a7');
  await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED', limit: '4 waiting calls a client' });
  void calls('b', 'b1');
  expect(await settled()).toEqual(['b1']);
  expect(all).toHaveLength(6);
});

test('if no call may wait, those with a place begin', async () => {
  const { calls, settled } = openCalls({ waitingPerClient: 0 });
  const [, , third] = calls('a', 'a1', 'a2', 'a3');
  await expect(third).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(await settled()).toEqual(['a1', 'a2']);
});
