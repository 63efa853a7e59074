import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Fault } from '@odograph/kernel/fault';
import { Webhook } from 'standardwebhooks';

/** Signs the id, the time in whole seconds and the body of a webhook: one signature of `webhook-signature`. */
export type Signer = (id: string, atMs: number, body: string) => string;

const [SYMMETRIC, ASYMMETRIC] = ['whsec_', 'whsk_'];
/** What the standard allows, in bytes. */
const [SHORTEST, LONGEST] = [24, 64];
const SEED_BYTES = 32;
/** The head of an ed25519 key in PKCS #8 (RFC 8410), before its seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads a secret of Standard Webhooks: `whsec_…` for HMAC, `whsk_…` for ed25519.
 * @throws Fault INVALID_INPUT with what is wrong, without the secret
 */
export function signerOf(secret: string): Signer {
  if (secret.startsWith(SYMMETRIC)) return hmacSigner(secret, bytesOf(secret.slice(SYMMETRIC.length)));
  if (secret.startsWith(ASYMMETRIC)) return ed25519Signer(bytesOf(secret.slice(ASYMMETRIC.length)));
  throw wrong(`must begin with ${SYMMETRIC} or ${ASYMMETRIC}`);
}

const wrong = (description: string) => new Fault('INVALID_INPUT', `a secret of a webhook ${description}`);

function bytesOf(base64: string): Buffer {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw wrong('must be base64 after its prefix');
  return Buffer.from(base64, 'base64');
}

function hmacSigner(secret: string, { length }: Buffer): Signer {
  if (length < SHORTEST || length > LONGEST)
    throw wrong(`must have ${SHORTEST} to ${LONGEST} bytes, but has ${length}`);
  const webhook = new Webhook(secret);
  return (id, atMs, body) => webhook.sign(id, new Date(atMs), body);
}

function ed25519Signer(bytes: Buffer): Signer {
  const key = privateKeyOf(bytes);
  return (id, atMs, body) => {
    const signed = Buffer.from(`${id}.${Math.floor(atMs / 1_000)}.${body}`);
    return `v1a,${sign(null, signed, key).toString('base64')}`;
  };
}

/** The seed, alone or with its public key, as libraries write it. */
function privateKeyOf(bytes: Buffer): KeyObject {
  const seed = bytes.subarray(0, SEED_BYTES);
  const publicKey = bytes.subarray(SEED_BYTES);
  if (seed.length < SEED_BYTES || ![0, SEED_BYTES].includes(publicKey.length))
    throw wrong(`must have 32 or 64 bytes for ed25519, but has ${bytes.length}`);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  if (publicKey.length > 0 && !publicPart(key).equals(publicKey))
    throw wrong('must have the public key of its private key');
  return key;
}

const publicPart = (key: KeyObject) =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
