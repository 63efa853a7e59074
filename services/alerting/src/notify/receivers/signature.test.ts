import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { signerOf } from './signature.ts';

describe('HMAC', () => {
  test('gives the vector of the library of Standard Webhooks', () => {
    const sign = signerOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const signature = sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}');
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('is verified by the library within five minutes, and neither later nor with another body', () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const signed = (atMs: number) => ({
      'webhook-id': 'a',
      'webhook-timestamp': String(Math.floor(atMs / 1_000)),
      'webhook-signature': signerOf(secret)('a', atMs, '{"ü":1}'),
    });
    const library = new Webhook(secret);
    expect(library.verify('{"ü":1}', signed(Date.now()))).toEqual({ ü: 1 });
    expect(() => library.verify('{"ü":2}', signed(Date.now()))).toThrow('No matching signature');
    expect(() => library.verify('{"ü":1}', signed(Date.now() - 301_000))).toThrow('too old');
    expect(() => library.verify('{"ü":1}', signed(Date.now() + 302_000))).toThrow('too new');
  });
});

/** RFC 8032, 7.1, test 1. */
const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const PUBLIC = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

describe('ed25519', () => {
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, PUBLIC]), format: 'der', type: 'spki' });

  test.each([
    ['a seed', SEED],
    ['a seed and its public key', Buffer.concat([SEED, PUBLIC])],
  ])('signs with %s, as the public key confirms', (_, bytes) => {
    const signature = signerOf(`whsk_${bytes.toString('base64')}`)('msg', 1_614_265_330_999, 'body');
    expect(signature).toMatch(/^v1a,/);
    const raw = Buffer.from(signature.slice('v1a,'.length), 'base64');
    expect(verify(null, Buffer.from('msg.1614265330.body'), key, raw)).toBe(true);
  });

  test('takes a key that Node makes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    const signature = signerOf(`whsk_${seed.toString('base64')}`)('a', 0, '');
    const raw = Buffer.from(signature.slice('v1a,'.length), 'base64');
    expect(verify(null, Buffer.from('a.0.'), publicKey, raw)).toBe(true);
  });
});

const base64 = (bytes: number) => Buffer.alloc(bytes, 1).toString('base64');

test.each([
  ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'must begin with whsec_ or whsk_'],
  [`whsec_${base64(23)}`, 'must have 24 to 64 bytes, but has 23'],
  [`whsec_${base64(65)}`, 'must have 24 to 64 bytes, but has 65'],
  ['whsec_not base64!', 'must be base64 after its prefix'],
  ['whsec_', 'must be base64 after its prefix'],
  [`whsk_${base64(31)}`, 'must have 32 or 64 bytes for ed25519, but has 31'],
  [`whsk_${base64(64)}`, 'must have the public key of its private key'],
])('a secret that cannot be used is refused, and is not in the error: %s', (secret, description) => {
  expect(() => signerOf(secret)).toThrow(description);
  expect(() => signerOf(secret)).not.toThrow(secret.replace(/^wh\w+_/, '') || 'nothing');
});
