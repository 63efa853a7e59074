import { expect, it } from 'vitest';
import { silenceIdArgument, silenceIdOf } from './silence-id.ts';

it('the silence of a rule and a vehicle has always the same id, and no other has it', () => {
  const id = silenceIdOf('low-battery', 'Bus:1');
  expect(id).toMatch(/^low-battery-bus-1-[0-9a-f]{6}$/);
  expect(silenceIdOf('low-battery', 'Bus:1')).toBe(id);
  expect(silenceIdOf('low-battery', 'bus-1')).not.toBe(id);
  const long = silenceIdOf('a'.repeat(63), 'B'.repeat(128));
  for (const each of [id, long]) expect(silenceIdArgument(each)).toBe(each);
});
