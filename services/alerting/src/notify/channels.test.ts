import { expect, test } from 'vitest';
import { channelsOf } from './channels.ts';
import { webhookTo } from './hook.fixture.ts';
import { episodeOf, TestClock } from './notices.fixture.ts';

test('each receiver is made as it is configured, and the log has one line for each notice', async () => {
  const lines: object[] = [];
  const logger = { info: (fields: object) => void lines.push(fields) };
  const settings = { severities: ['critical'], groupWaitMs: 0, fingerprint: 'f' } as const;
  const email = { host: 'localhost', port: 25, security: 'none', from: 'a@b.c', to: ['a@b.c'] } as const;
  const { secrets, ...target } = webhookTo('http://127.0.0.1/');
  const channels = channelsOf(
    [
      { ...settings, name: 'lines', target: { kind: 'log' } },
      { ...settings, name: 'hook', target: { kind: 'webhook', secrets, ...target } },
      { ...settings, name: 'operations', target: { kind: 'alertmanager', ...target } },
      { ...settings, name: 'mail', target: { kind: 'email', ...email } },
    ],
    { clock: new TestClock(), version: '1.2.3', logger },
  );
  expect(channels.map(({ name }) => name)).toEqual(['lines', 'hook', 'operations', 'mail']);
  const message = { id: 'x:firing', receiver: 'lines', notices: episodeOf('x'), body: new Uint8Array() };
  await channels[0]?.receiver.send(message, new AbortController().signal);
  expect(lines).toMatchObject([
    { message: 'x:firing', receiver: 'lines', key: 'x:firing', kind: 'firing' },
    { message: 'x:firing', receiver: 'lines', key: 'x:resolved', kind: 'resolved' },
  ]);
});
