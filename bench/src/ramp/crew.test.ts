import { pause } from '@odograph/kernel/clock';
import { expect, test } from 'vitest';
import { createCrew } from './crew.ts';

function crewOfWaiters() {
  const here = new Set<number>();
  const crew = createCrew(async (member, signal) => {
    here.add(member);
    while (!signal.aborted) await pause(60_000, signal);
    here.delete(member);
  });
  return { crew, here };
}

test('members come, the last ones leave first, and all are gone at the end', async () => {
  const { crew, here } = crewOfWaiters();
  crew.resize(3);
  expect([...here]).toEqual([0, 1, 2]);
  crew.resize(1);
  crew.resize(2);
  expect(here.has(0)).toBe(true);
  await crew.close();
  expect(here.size).toBe(0);
});
