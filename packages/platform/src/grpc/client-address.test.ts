import { expect, test } from 'vitest';
import { clientOf } from './client-address.ts';

test.each([
  ['127.0.0.1:50312', '127.0.0.1'],
  ['::ffff:127.0.0.1:50312', '127.0.0.1'],
  ['unknown', 'unknown'],
  ['2001:db8:0:1:a:b:c:d:50312', '2001:db8:0:1::/64'],
  ['2001:db8:0:1::d:50312', '2001:db8:0:1::/64'],
  ['2001:db8::d:50312', '2001:db8:0:0::/64'],
  ['2001:db8:a:b:c:d:e:::50312', '2001:db8:a:b::/64'],
  ['fe80::1%eth0:50312', 'fe80:0:0:0::/64'],
  ['::1:50312', '0:0:0:0::/64'],
])('the client at %s is %s', (peer, client) => {
  expect(clientOf(peer)).toBe(client);
});
