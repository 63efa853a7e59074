import { expect, test } from 'vitest';
import { natsOptions } from './nats-options.ts';

test.each([
  ['nats://127.0.0.1', { servers: '127.0.0.1:4222' }],
  ['nats://nats.example:4333', { servers: 'nats.example:4333' }],
  ['nats://[::1]:4222', { servers: '[::1]:4222' }],
  ['nats://token%2F1@h:1', { servers: 'h:1', token: 'token/1' }],
  ['nats://me:p%40ss%20%C3%BC@h:1', { servers: 'h:1', user: 'me', pass: 'p@ss ü', inboxPrefix: '_INBOX.me' }],
  ['nats://a.%3E:x@h:1', { servers: 'h:1', user: 'a.>', pass: 'x', inboxPrefix: '_INBOX.a__' }],
])('%s is read with everything in it', (url, options) => {
  expect(natsOptions({ url })).toEqual(options);
});

test('tls:// begins with the handshake, with the files that are given', () => {
  const { tls } = natsOptions({ url: 'tls://h', caFile: '/ca.pem', certFile: '', keyFile: '' });
  expect(tls).toEqual({ handshakeFirst: true, caFile: '/ca.pem' });
});

test('files for TLS with a URL that does not ask for TLS are refused, in the names of the settings', () => {
  const address = { url: 'nats://h', caFile: '/ca.pem', keyFile: '/key.pem' };
  expect(() => natsOptions(address)).toThrow(
    'ODO_NATS_CA_FILE and ODO_NATS_KEY_FILE can only be used with TLS: let ODO_NATS_URL start with tls://, or unset them',
  );
});
