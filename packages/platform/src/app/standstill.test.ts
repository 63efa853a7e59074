import { expect, test } from 'vitest';
import { placeOf } from './standstill.ts';

test.each([
  [
    'our own function, below those of Node and of libraries',
    [
      '    at RegExp.test (<anonymous>)',
      '    at encode (file:///app/node_modules/bson/lib/bson.mjs:10:20)',
      '    at async foldSubject (file:///app/services/history/src/views/fold.ts:47:12)',
      '    at file:///app/services/history/src/main.ts:5:1',
    ],
    'foldSubject (fold.ts:47:12)',
  ],
  ['a function without a name', ['    at file:///app/main.ts:5:1'], 'main.ts:5:1'],
  ['the first one if none is ours', ['    at slice (node:buffer:1291:40)'], 'slice (node:buffer:1291:40)'],
  ['a native function if nothing is known', [], 'a native function'],
])('the place of a stack is %s', (_, stack, place) => {
  expect(placeOf(stack.join('\n'))).toBe(place);
});
