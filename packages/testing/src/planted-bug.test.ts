import { expect, test } from 'vitest';
import { type PlantedBug, plantIn } from './planted-bug.ts';

const BUG: PlantedBug = {
  ...{ name: 'b', description: '', file: 'a.ts' },
  ...{ find: 'await save();', replace: 'void save(); // $&' },
};

test('a bug is inserted literally', () => {
  expect(plantIn('x();\nawait save();\n', BUG)).toBe('x();\nvoid save(); // $&\n');
});

test.each([
  ['0 times', ''],
  ['2 times', 'await save();\nawait save();\n'],
])('a bug whose text occurs %s cannot be planted', (count, source) => {
  expect(() => plantIn(source, BUG)).toThrow(
    `planted bug "b": its text must occur once in a.ts, but occurs ${count}`,
  );
});
