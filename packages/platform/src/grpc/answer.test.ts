import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

const { version } = createRequire(import.meta.url)('@grpc/grpc-js/package.json');

// answer.ts sets a private field to limit how far grpc-js reads ahead. After an update, run handler.int.test.ts ("reads only
// one message more than its handler takes"), then set the new version here.
test('grpc-js is the version whose reading ahead was checked', () => {
  expect(version).toBe('1.14.7');
});
