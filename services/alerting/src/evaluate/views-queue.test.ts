import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { describe, expect, test } from 'vitest';
import type { DecodedEvent } from './decoded-event.ts';
import { ViewsQueue } from './views-queue.ts';

const at = (sequence: number) => ({ partition: 0, sequence });
const eventAt = (sequence: number, subject = 'alert/a'): DecodedEvent => {
  const event = { type: 'AlertFired', subject } as VehicleEvent;
  return { position: { ...at(sequence), index: 0 }, event, traceparent: '' };
};
const never = new AbortController().signal;

/** Views that finish an application when they are told to. */
function queueOf() {
  const applied: string[] = [];
  const steps: PromiseWithResolvers<void>[] = [];
  let failures = 0;
  const queue = new ViewsQueue({
    views: {
      concerns: ({ subject }) => subject !== 'bus-1',
      async apply(events, { sequence }) {
        applied.push(`${events.map(({ position }) => position.sequence).join(' ')} to ${sequence}`);
        const step = Promise.withResolvers<void>();
        steps.push(step);
        await step.promise;
        return [];
      },
    },
    onApplied: () => undefined,
    onFailed: () => {
      failures += 1;
    },
  });
  const addAll = (from: number, count: number, subject?: string) => {
    for (let sequence = from; sequence < from + count; sequence += 1)
      queue.add([eventAt(sequence, subject)], at(sequence));
  };
  return { queue, applied, steps, addAll, failures: () => failures };
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const turn = new Promise((resolve) => setImmediate(resolve, 'turn'));
  return (await Promise.race([promise, turn])) !== 'turn';
};

describe('events on their way to the views', () => {
  test('gather while others are applied, and leave out what the views do not look at', async () => {
    const { queue, applied, steps, addAll } = queueOf();
    addAll(1, 3);
    addAll(4, 2, 'bus-1');
    const reached = queue.reached(5, never);
    steps[0]?.resolve();
    expect(await isSettled(reached)).toBe(false);
    steps[1]?.resolve();
    await reached;
    expect(applied).toEqual(['1 to 1', '2 3 to 5']);
  });

  test('are applied also after a batch that has not come any farther', async () => {
    const { queue, applied, steps, addAll } = queueOf();
    addAll(1, 1);
    steps[0]?.resolve();
    await queue.idle();
    queue.add([], at(1));
    addAll(2, 1);
    steps[1]?.resolve();
    await queue.reached(2, never);
    expect(applied).toEqual(['1 to 1', '2 to 2']);
  });

  test('are limited in number: then the evaluation waits', async () => {
    const { queue, steps, addAll } = queueOf();
    addAll(1, 5_000);
    expect(await isSettled(queue.room(never))).toBe(true);
    addAll(5_001, 2);
    const room = queue.room(never);
    expect(await isSettled(room)).toBe(false);
    steps[0]?.resolve();
    await room;
  });

  test('are not applied after a failure, which everyone who waits learns', async () => {
    const { queue, applied, steps, addAll, failures } = queueOf();
    addAll(1, 2);
    const reached = queue.reached(2, never);
    steps[0]?.reject(new Error('no answer'));
    await expect(reached).rejects.toThrow('no answer');
    addAll(3, 1);
    await expect(queue.idle()).rejects.toThrow('no answer');
    expect([applied, failures()]).toEqual([['1 to 1'], 1]);
  });

  test('keep no one waiting whose signal is aborted', async () => {
    const { queue, addAll } = queueOf();
    addAll(1, 1);
    const ending = new AbortController();
    const reached = queue.reached(1, ending.signal);
    ending.abort();
    await reached;
  });
});
