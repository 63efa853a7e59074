import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { turnsOf } from '@odograph/testing/work-turns';
import { expect, test } from 'vitest';
import { inTurns, WorkTurn } from './work-turn.ts';

interface Work {
  readonly turn?: WorkTurn;
  readonly bytes?: number;
  readonly onStep?: () => void;
}

async function work(steps: number, { turn = new WorkTurn(), bytes = 0, onStep }: Work = {}): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    if (turn.isOver(bytes)) await turn.next();
    onStep?.();
  }
}

test('a short work never waits, and a long one has turns by its steps and bytes', async () => {
  expect(await turnsOf(() => work(60))).toBe(0);
  expect(await turnsOf(() => work(64_000))).toBeGreaterThan(150);
  expect(await turnsOf(() => work(1_000, { bytes: 16 * 1024 }))).toBeGreaterThan(150);
});

test('of many long works, one goes on in each turn of the event loop, in their order', async () => {
  const names: string[] = [];
  const steps = (name: string) =>
    work(64_000, { onStep: () => void (names.at(-1) !== name && names.push(name)) });
  await turnsOf(() => Promise.all([steps('a'), steps('b'), steps('c')]));
  expect(names.length).toBeGreaterThan(300);
  expect(names.slice(3, 9)).toEqual([...names.slice(0, 3), ...names.slice(0, 3)]);
});

test('what waits for the event loop goes on while long works have their turns', async () => {
  let isDone = false;
  let others = 0;
  const other = async () => {
    for (; !isDone; others += 1) await nextLoopTurn();
  };
  const both = () => Promise.all([work(64_000).then(() => (isDone = true)), other()]);
  await turnsOf(both);
  expect(others).toBeGreaterThan(150);
});

test('an aborted signal ends a work at its next turn', async () => {
  const aborting = new AbortController();
  let steps = 0;
  const onStep = () => {
    steps += 1;
    if (steps === 1_000) aborting.abort(new Error('left'));
  };
  const turn = new WorkTurn(aborting.signal);
  await turnsOf(() => expect(work(64_000, { turn, onStep })).rejects.toThrow('left'));
  expect(steps).toBeLessThan(1_500);
});

test('all steps of a work are taken, and its result is given', async () => {
  function* counted(): Generator<undefined, number> {
    for (let step = 0; step < 100; step += 1) yield undefined;
    return 100;
  }
  let result = 0;
  const turns = await turnsOf(async () => (result = await inTurns(counted(), new WorkTurn())));
  expect(result).toBe(100);
  expect(turns).toBeGreaterThan(15);
});

test('a step gets what it asks for, until those who want the work have left', async () => {
  const leaving = new AbortController();
  function* asking(): Generator<number | undefined, number, number | undefined> {
    yield undefined;
    const sum = ((yield 1) ?? 0) + ((yield 2) ?? 0);
    leaving.abort(new Error('left'));
    return sum + ((yield 3) ?? 0);
  }
  const asked: number[] = [];
  const answer = async (number: number) => asked.push(number) && 10 * number;
  const work = inTurns(asking(), new WorkTurn(leaving.signal), answer);
  await expect(work).rejects.toThrow('left');
  expect(asked).toEqual([1, 2]);
  expect(await inTurns(asking(), new WorkTurn(), answer)).toBe(60);
});
