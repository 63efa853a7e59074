import { fromStatusDocument } from '@odograph/projections/status-document';
import { expect, test } from 'vitest';
import { samples } from './samples/samples.ts';

test.each([
  ['status', () => fromStatusDocument({})],
  ['samples', () => samples.fromDocuments('V1', '2026-05-01T06:00Z', [{}])],
])('a corrupt document of %s names what to delete', (projection, read) => {
  expect(read).toThrow(
    `delete the collection ${projection}_v<version> and the checkpoints of ${projection} while history is stopped`,
  );
});
