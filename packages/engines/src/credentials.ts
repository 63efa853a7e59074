import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOwn } from './own-json.ts';
import { makePrivateFolder, writePrivate } from './private-files.ts';

/** How a user logs in to an engine. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The user of an engine who may do everything. */
export const OWNER = 'owner';

const SECRET_BYTES = 32;
const SECRET = /^[\da-f]{64}$/;

/**
 * The credentials of a user of an engine that is started on this folder. All passwords follow from one secret, which is
 * made once: it is the owner's password, and that of another user is a hash of it.
 */
export function credentialsOf(dataDir: string, user = OWNER): Credentials {
  const secret = secretOf(dataDir);
  return {
    user,
    password: user === OWNER ? secret : createHmac('sha256', secret).update(user).digest('hex'),
  };
}

/** The secret of an engine, in its folder. MongoDB reads the same file as its key file. */
export function secretFile(dataDir: string): string {
  return join(dataDir, 'secret');
}

/** A file that a crash has damaged is written again: an engine learns its passwords at every start. */
function secretOf(dataDir: string): string {
  const file = secretFile(dataDir);
  const kept = readOwn(file);
  if (kept !== undefined && SECRET.test(kept)) return kept;
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  makePrivateFolder(dataDir);
  writePrivate(file, secret);
  return secret;
}
