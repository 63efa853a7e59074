import { expect, test } from 'vitest';
import { maskPassword } from './setting.ts';

test.each([
  ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  ['nats://me:hunter2@h:4222', 'nats://me:***@h:4222'],
  ['nats://token@h', 'nats://***@h'],
  ['nats://me:hun@ter@2@h:4222', 'nats://me:***@h:4222'],
  ['nats://me:hun/t?e#r@2@h', 'nats://me:***@h'],
  ['mongodb+srv://me:a:b@h/db?tls=true', 'mongodb+srv://me:***@h/db?tls=true'],
  [
    'mongodb://me:x@a:1,b:2/?tlsCertificateKeyFilePassword=pw&replicaSet=a',
    'mongodb://me:***@a:1,b:2/?tlsCertificateKeyFilePassword=***&replicaSet=a',
  ],
  ['mongodb://h/?proxyPassword=pw&authToken=t', 'mongodb://h/?proxyPassword=***&authToken=***'],
  [
    'mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:t,SERVICE_NAME:s',
    'mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:***,SERVICE_NAME:s',
  ],
  ['0.0.0.0', '0.0.0.0'],
  ['me@example password=x', 'me@example password=x'],
])('%s is shown as %s', (url, shown) => {
  expect(maskPassword(url)).toBe(shown);
});
