import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { certificate } from '@odograph/testing/tls-engines';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { renderBody } from '../body.ts';
import { answering, openHook, SECRET, webhookTo } from '../hook.fixture.ts';
import { noticeOf, START_MS, TestClock } from '../notices.fixture.ts';
import { Secret } from '../secret.ts';
import { FORBIDDEN_HOSTS } from './forbidden-hosts.fixture.ts';
import type { Resolve } from './target.ts';
import { createWebhook, type WebhookSettings } from './webhook.ts';

const notices = [noticeOf('a', { alert: { description: 'ü \u2028 🚌' } })];
const message = {
  id: 'a',
  receiver: 'hook',
  notices,
  body: renderBody({ id: 'a', receiver: 'hook', notices }),
};
const never = new AbortController().signal;

function webhook(settings: WebhookSettings, resolve?: Resolve, clock = new TestClock()) {
  return createWebhook(settings, { clock, version: '1.2.3', resolve });
}

describe('what is posted', () => {
  test('has the headers of Standard Webhooks, and the stored bytes', async () => {
    await using hook = await openHook();
    expect(await webhook(webhookTo(hook.url)).send(message, never)).toEqual({ kind: 'delivered' });
    const [call] = hook.calls;
    expect(call?.headers).toMatchObject({
      ...{ 'content-type': 'application/json', 'user-agent': 'odograph/1.2.3' },
      ...{ 'webhook-id': 'a', 'webhook-timestamp': String(START_MS / 1_000) },
      'webhook-signature': new Webhook(SECRET).sign('a', new Date(START_MS), call?.body ?? ''),
    });
    expect(call?.body).toBe(new TextDecoder().decode(message.body));
  });

  test('has a new time at each attempt, and a receiver that uses the library refuses an old one', async () => {
    await using hook = await openHook();
    const clock = new TestClock();
    const receiver = webhook(webhookTo(hook.url), undefined, clock);
    for (const nowMs of [Date.now() - 301_000, Date.now()]) {
      clock.nowMs = nowMs;
      await receiver.send(message, never);
    }
    const library = new Webhook(SECRET);
    const [old, fresh] = hook.calls.map(({ body, headers }) => () => {
      library.verify(body, headers as Record<string, string>);
    });
    expect(old).toThrow('Message timestamp too old');
    expect(fresh).not.toThrow();
    expect(hook.calls[0]?.id).toBe(hook.calls[1]?.id);
  });

  test('has a signature for each secret, so a receiver may know the old or the new one', async () => {
    await using hook = await openHook();
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32).toString('base64');
    const secrets = [SECRET, other, `whsk_${seed}`].map((secret) => new Secret(secret));
    const clock = new TestClock();
    clock.nowMs = Date.now();
    await webhook(webhookTo(hook.url, { secrets }), undefined, clock).send(message, never);
    const { body = '', headers = {} } = hook.calls[0] ?? {};
    for (const secret of [SECRET, other])
      expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
    const signatures = String(headers['webhook-signature']).split(' ');
    expect(signatures.map((signature) => signature.split(',')[0])).toEqual(['v1', 'v1', 'v1a']);
    const signed = Buffer.from(`a.${headers['webhook-timestamp']}.${body}`);
    const raw = Buffer.from(signatures[2]?.slice('v1a,'.length) ?? '', 'base64');
    expect(
      verify(null, signed, createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })), raw),
    ).toBe(true);
  });
});

describe('a target that is not public', () => {
  test('gets no connection, in any form', async () => {
    await using hook = await openHook();
    const { port } = new URL(hook.url);
    for (const host of [...FORBIDDEN_HOSTS, 'localhost'])
      for (const scheme of ['http', 'https']) {
        const settings = webhookTo(`${scheme}://${host}:${port}/hook`, { allowNetworks: [] });
        const outcome = await webhook(settings).send(message, never);
        expect(outcome, host).toMatchObject({ kind: 'refused', isFinal: true });
      }
    expect(hook.connections()).toBe(0);
  });

  test('gets none by a name that has two addresses, or another one when it is asked again', async () => {
    await using hook = await openHook();
    const settings = webhookTo(hook.url.replace('127.0.0.1', 'hook.example.com'), {
      allowNetworks: ['127.0.0.2/32'],
    });
    const mixed: Resolve = async () => ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    expect(await webhook(settings, mixed).send(message, never)).toMatchObject({
      kind: 'refused',
      isFinal: true,
    });
    let count = 0;
    const rebinding: Resolve = async () => {
      count += 1;
      return [{ address: count === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }];
    };
    expect((await webhook(settings, rebinding).send(message, never)).kind).toBe('retry');
    expect([count, hook.connections()]).toEqual([1, 0]);
  });

  test('is refused by a URL with a user, a wrong scheme or http, and the reason has no secret', async () => {
    await using hook = await openHook();
    const { port } = new URL(hook.url);
    for (const url of [`http://me:hidden@127.0.0.1:${port}/`, `ftp://127.0.0.1:${port}/hidden`]) {
      const outcome = await webhook(webhookTo(url)).send(message, never);
      expect(outcome).toMatchObject({ kind: 'refused', isFinal: true });
      expect(JSON.stringify(outcome)).not.toContain('hidden');
    }
    const http = webhookTo(hook.url, { allowHttp: false });
    expect(await webhook(http).send(message, never)).toMatchObject({ kind: 'refused', isFinal: true });
    expect(hook.connections()).toBe(0);
  });

  test('is reached if its network is allowed', async () => {
    await using hook = await openHook();
    const url = hook.url.replace('127.0.0.1', '[::ffff:127.0.0.1]');
    expect(await webhook(webhookTo(url)).send(message, never)).toEqual({ kind: 'delivered' });
  });
});

describe('a receiver', () => {
  test('that is not there is tried again, and the reason has no path', async () => {
    const { url } = await closed();
    const outcome = await webhook(webhookTo(`${url}/hidden-path`)).send(message, never);
    expect(outcome).toMatchObject({ kind: 'retry', reason: expect.stringContaining('ECONNREFUSED') });
    expect(JSON.stringify(outcome)).not.toContain('hidden');
  });

  test('that does not answer, or not to the end of the headers, is given up when the time is over', async () => {
    await using hook = await openHook();
    hook.answer = () => undefined;
    const ending = new AbortController();
    const sent = webhook(webhookTo(hook.url)).send(message, ending.signal);
    await expect.poll(() => hook.calls).toHaveLength(1);
    ending.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'it did not answer in time' });
    expect(await webhook(webhookTo(hook.url)).send(message, AbortSignal.abort())).toMatchObject({
      kind: 'retry',
    });
  });

  test('whose name is not resolved in time is given up too', async () => {
    const ending = new AbortController();
    const hanging: Resolve = () => new Promise(() => ending.abort());
    const sent = webhook(webhookTo('http://hook.example.com/'), hanging).send(message, ending.signal);
    expect(await sent).toEqual({ kind: 'retry', reason: 'it did not answer in time' });
  });

  test('that hangs up, or answers what is not HTTP, is tried again', async () => {
    await using hook = await openHook();
    hook.answer = (_, response) => void response.socket?.destroy();
    expect((await webhook(webhookTo(hook.url)).send(message, never)).kind).toBe('retry');
    hook.answer = (_, response) => void response.socket?.end('SSH-2.0-nonsense\r\n');
    expect((await webhook(webhookTo(hook.url)).send(message, never)).kind).toBe('retry');
  });

  test('that answers without end is cut off after 64 KiB, and has the message', async () => {
    let sentBytes = 0;
    const { promise: closedAt, resolve } = Promise.withResolvers<number>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(sentBytes));
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const flood = () => {
        sentBytes += 65_536;
        if (!socket.destroyed) socket.write(Buffer.alloc(65_536, 'x'), () => setImmediate(flood));
      };
      socket.once('data', flood);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    expect(await webhook(webhookTo(`http://127.0.0.1:${port}/`)).send(message, never)).toEqual({
      kind: 'delivered',
    });
    // What the sockets hold is sent besides.
    expect(await closedAt).toBeLessThan(50_000_000);
    server.close();
  });

  test('that redirects is not followed', async () => {
    await using hook = await openHook();
    hook.answer = answering(302, { location: hook.url });
    const outcome = await webhook(webhookTo(hook.url)).send(message, never);
    expect(outcome).toMatchObject({ kind: 'refused', isFinal: true });
    expect(hook.calls).toHaveLength(1);
  });
});

describe('over TLS', () => {
  const ca = readFileSync(certificate('ca'), 'utf8');
  const server = readFileSync(certificate('server'), 'utf8');

  test.each([
    ['with the authority that it names', ca, 'delivered'],
    ['not with another one', readFileSync(certificate('other-ca'), 'utf8'), 'retry'],
    ['not with the public ones', undefined, 'retry'],
  ])('a receiver gets a message %s', async (_, trusted, kind) => {
    await using secure = await openTls(server);
    const settings = webhookTo(`https://localhost:${secure.port}/`, { allowHttp: false, ca: trusted });
    const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect((await webhook(settings, resolve).send(message, never)).kind).toBe(kind);
  });

  test('the certificate must be for the name, not for the address that it has', async () => {
    await using secure = await openTls(server);
    const settings = webhookTo(`https://other.example.com:${secure.port}/`, { ca });
    const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const outcome = await webhook(settings, resolve).send(message, never);
    expect(outcome).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
  });
});

async function openTls(pem: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createTlsServer({ cert: pem, key: pem }, (request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const dispose = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: dispose };
}

/** A port where nothing listens. */
async function closed(): Promise<{ readonly url: string }> {
  await using hook = await openHook();
  return { url: new URL(hook.url).origin };
}
