import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { certificate } from '@odograph/testing/tls-engines';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, test } from 'vitest';
import { episodeOf } from '../notices.fixture.ts';
import { Secret } from '../secret.ts';
import { createEmail, type EmailSettings } from './email.ts';

const message = { id: 'x:firing', receiver: 'mail', notices: episodeOf('x'), body: new Uint8Array() };
const never = new AbortController().signal;
const server = readFileSync(certificate('server'), 'utf8');
const ca = readFileSync(certificate('ca'), 'utf8');

/** A server that keeps what it gets; `await using` stops it. */
async function openMailServer(options: SMTPServerOptions = {}) {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    ...{
      cert: server,
      key: server,
      authOptional: true,
      disabledCommands: [],
      logger: false,
      closeTimeout: 1,
    },
    onData: (stream, _session, done) =>
      void text(stream).then((mail) => done(null, void mails.push(mail) as never)),
    ...options,
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((listening) => void smtp.listen(0, '127.0.0.1', listening));
  const { port } = smtp.server.address() as AddressInfo;
  const dispose = async () => await new Promise<void>((closed) => smtp.close(closed));
  return { mails, port, [Symbol.asyncDispose]: dispose };
}

function email(port: number, part: Partial<EmailSettings> = {}) {
  const addresses = { from: 'Odograph <alerts@example.com>', to: ['a@example.com', 'b@example.com'] };
  return createEmail({ host: 'localhost', port, security: 'starttls', ca, ...addresses, ...part });
}

const refusing = (responseCode: number) => Object.assign(new Error('no: whsec'), { responseCode });

test('a mail has a subject, a text, and the same id at each attempt', async () => {
  await using smtp = await openMailServer();
  const receiver = email(smtp.port);
  for (const _ of [1, 2]) expect(await receiver.send(message, never)).toEqual({ kind: 'delivered' });
  const [first = '', second = ''] = smtp.mails;
  expect(first).toContain('Subject: [warning] 1 firing, 1 resolved\r\n');
  expect(first).toContain('To: a@example.com, b@example.com\r\n');
  expect(first).toContain('RESOLVED [warning] low-battery, vehicle bus-17 of fleet city');
  const idOf = (mail: string) => /^Message-ID: (<[0-9a-f]{32}@example\.com>)\r$/im.exec(mail)?.[1];
  expect(idOf(first)).toBeDefined();
  expect(idOf(second)).toBe(idOf(first));
});

test('a server that offers no TLS gets nothing, unless none is wanted', async () => {
  await using smtp = await openMailServer({ disabledCommands: ['STARTTLS'] });
  expect((await email(smtp.port).send(message, never)).kind).toBe('refused');
  expect(smtp.mails).toHaveLength(0);
  expect(await email(smtp.port, { security: 'none' }).send(message, never)).toEqual({ kind: 'delivered' });
});

test('a server whose certificate is not trusted gets nothing', async () => {
  await using smtp = await openMailServer();
  expect((await email(smtp.port, { ca: undefined }).send(message, never)).kind).toBe('retry');
  expect(smtp.mails).toHaveLength(0);
});

test('a server may speak TLS from the first byte, and want a login', async () => {
  await using smtp = await openMailServer({
    ...{ secure: true, authOptional: false },
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'alerts' && password === 'right-word') done(null, { user: username });
      else done(refusing(535));
    },
  });
  const login = (password: string) =>
    email(smtp.port, { security: 'tls', user: 'alerts', password: new Secret(password) });
  expect(await login('right-word').send(message, never)).toEqual({ kind: 'delivered' });
  const outcome = await login('wrong-word').send(message, never);
  expect(outcome).toEqual({ kind: 'refused', reason: 'it answered 535 (EAUTH)', isFinal: false });
});

test.each([
  [451, 'retry', 'it answered 451 (EMESSAGE)'],
  [554, 'refused', 'it answered 554 (EMESSAGE)'],
])('an answer %i is: %s', async (code, kind, reason) => {
  await using smtp = await openMailServer({
    onData: (stream, _session, done) => void text(stream).then(() => done(refusing(code))),
  });
  expect(await email(smtp.port).send(message, never)).toMatchObject({ kind, reason });
});

test('one of several addresses is enough', async () => {
  await using smtp = await openMailServer({
    onRcptTo: ({ address }, _session, done) => done(address === 'a@example.com' ? refusing(550) : null),
  });
  expect(await email(smtp.port).send(message, never)).toEqual({ kind: 'delivered' });
  expect(smtp.mails).toHaveLength(1);
  const refused = email(smtp.port, { to: ['a@example.com'] });
  expect(await refused.send(message, never)).toMatchObject({
    kind: 'refused',
    reason: 'it answered 550 (EENVELOPE)',
  });
});

test('a server that is away is tried again, and one that says nothing is given up in time', async () => {
  const ending = new AbortController();
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const smtp = await openMailServer({ onConnect: () => resolve() });
  const sent = email(smtp.port).send(message, ending.signal);
  await connected;
  ending.abort();
  expect(await sent).toEqual({ kind: 'retry', reason: 'it did not answer in time' });
  await smtp[Symbol.asyncDispose]();
  expect(await email(smtp.port).send(message, never)).toMatchObject({ kind: 'retry' });
});
