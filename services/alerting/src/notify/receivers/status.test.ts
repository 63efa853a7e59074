import { expect, test } from 'vitest';
import { outcomeOf } from './status.ts';

const NOW_MS = Date.parse('2026-03-01T08:00:00Z');

test.each([
  [[200, 201, 204, 299], 'delivered'],
  [[408, 425, 429, 500, 502, 503, 599], 'retry'],
  [[301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 422, 451], 'refused'],
  [[410], 'gone'],
])('%j is %s', (statuses, kind) => {
  for (const status of statuses) expect(outcomeOf(status, undefined, NOW_MS).kind, String(status)).toBe(kind);
});

test('only a redirect is refused for good', () => {
  expect(outcomeOf(302, undefined, NOW_MS)).toMatchObject({ isFinal: true });
  expect(outcomeOf(404, undefined, NOW_MS)).toMatchObject({ isFinal: false });
});

test.each([
  ['120', 120_000],
  ['Sun, 01 Mar 2026 08:02:00 GMT', 120_000],
  ['Sun, 01 Mar 2026 07:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['9'.repeat(30), undefined],
])('Retry-After %s is %s', (header, afterMs) => {
  const outcome = outcomeOf(503, header, NOW_MS);
  expect(outcome.kind === 'retry' ? outcome.afterMs : 'not a retry').toBe(afterMs);
});
