import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Server } from '../wire/server.ts';
import { drawInput, type Input, SCRIPTS } from './input.ts';

/** A hash of what an input sends to a server that answers everything with OK. */
async function sentBy(input: Input): Promise<string> {
  const hash = createHash('sha256');
  class Stream extends EventEmitter {
    readonly destroyed = true;
    end(bytes: Uint8Array): void {
      hash.update(bytes);
      this.emit('response', { 'grpc-status': '0' });
      this.emit('close');
    }
  }
  const server = { session: () => ({ request: () => new Stream() }) } as unknown as Server;
  await input.run({ history: server, ingest: server, cache: server, alerting: server });
  return hash.digest('hex');
}

const AT = SCRIPTS.findIndex(({ name }) => name === '50,000 windows of one vehicle');

test('an input sends the same alone as after others', async () => {
  const alone = await sentBy(drawInput(7, AT));
  await sentBy(drawInput(7, AT + 1));
  expect(await sentBy(drawInput(7, AT))).toBe(alone);
  expect(await sentBy(drawInput(8, AT))).not.toBe(alone);
});

test('a script that runs again has new names, because what is sent again costs less', async () => {
  const input = drawInput(7, AT);
  const first = await sentBy(input);
  expect(await sentBy(input)).not.toBe(first);
});
