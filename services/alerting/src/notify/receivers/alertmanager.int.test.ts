import { expect, test } from 'vitest';
import { answering, openHook } from '../hook.fixture.ts';
import { episodeOf, TestClock } from '../notices.fixture.ts';
import { Secret } from '../secret.ts';
import { createAlertmanager } from './alertmanager.ts';

const message = { id: 'x:firing', receiver: 'operations', notices: episodeOf('x'), body: new Uint8Array() };
const never = new AbortController().signal;

test('alerts are posted to the API, with a login if there is one', async () => {
  await using hook = await openHook();
  const settings = { allowHttp: true, allowNetworks: ['127.0.0.0/8'], url: new Secret(`${hook.url}/`) };
  const login = { user: 'me', password: new Secret('it') };
  const receiver = createAlertmanager(
    { ...settings, ...login },
    { clock: new TestClock(), version: '1.2.3' },
  );
  expect(await receiver.send(message, never)).toEqual({ kind: 'delivered' });
  hook.answer = answering(400);
  expect(await receiver.send(message, never)).toMatchObject({ kind: 'refused', isFinal: false });
  const [call] = hook.calls;
  expect(call?.path).toBe('/hook/api/v2/alerts');
  expect(call?.headers).toMatchObject({
    authorization: 'Basic bWU6aXQ=',
    'content-type': 'application/json',
  });
  expect(JSON.parse(call?.body ?? '')).toHaveLength(2);
});
