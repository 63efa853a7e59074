import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort } from '@odograph/engines/free-port';
import { type OwnedProcess, startOwned } from '@odograph/engines/owned-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from './logger.ts';
import { connectNats, type Nats } from './nats.ts';

const [operator, account, system] = [createOperator(), createAccount(), createAccount()];
/** No limits of these names. */
const without = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, -1]));
const UNLIMITED = without('subs', 'data', 'payload', 'conn', 'imports', 'exports');
const JETSTREAM = without('mem_storage', 'disk_storage', 'streams');

let place: string;
let url: string;
let server: OwnedProcess;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-jwt-'));
  const port = await findFreePort();
  url = `nats://127.0.0.1:${port}`;
  const config = {
    listen: `127.0.0.1:${port}`,
    jetstream: { store_dir: place },
    operator: jwtOf('operator', operator, operator),
    resolver: 'MEMORY',
    resolver_preload: {
      [account.getPublicKey()]: jwtOf('account', account, operator, {
        limits: { ...UNLIMITED, ...JETSTREAM },
      }),
      [system.getPublicKey()]: jwtOf('account', system, operator, { limits: UNLIMITED }),
    },
    system_account: system.getPublicKey(),
  };
  await writeFile(join(place, 'jwt.conf'), JSON.stringify(config));
  server = startOwned({
    command: [(await findBinary('nats')).path, '--config', join(place, 'jwt.conf')],
    logFile: join(place, 'nats.log'),
    pidFile: join(place, 'nats.pid'),
    word: place,
    stopTimeoutMs: 10_000,
  });
});

afterAll(async () => {
  await server.stop();
  await rm(place, { recursive: true, force: true });
});

/** A token of NATS: `issuer` says what `subject` may do. */
function jwtOf(
  type: 'operator' | 'account' | 'user',
  subject: KeyPair,
  issuer: KeyPair,
  { limits = {}, exp }: { readonly limits?: object; readonly exp?: number } = {},
): string {
  const claims = {
    ...{ iss: issuer.getPublicKey(), sub: subject.getPublicKey(), iat: Math.floor(Date.now() / 1_000), exp },
    nats: { type, version: 2, ...(type === 'account' ? { limits } : limits) },
  };
  const base64 = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const text = `${base64({ typ: 'JWT', alg: 'ed25519-nkey' })}.${base64(claims)}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

/** Writes the credentials of a new user, who is of the account of the server, or of another. */
async function writeCredentials(file: string, of = account, exp?: number): Promise<string> {
  const user = createUser();
  const jwt = jwtOf('user', user, of, { limits: without('subs', 'data', 'payload'), ...(exp && { exp }) });
  const seed = new TextDecoder().decode(user.getSeed());
  const part = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  const path = join(place, file);
  await writeFile(path, part('NATS USER JWT', jwt) + part('USER NKEY SEED', seed));
  return path;
}

const connects = (credentialsFile?: string): Promise<Nats> =>
  connectNats({ url, name: 'test', logger: silentLogger, ...(credentialsFile && { credentialsFile }) });

test('a user with a token and its key gets in, and can use JetStream', async () => {
  const nats = await connects(await writeCredentials('user.creds'));
  const manager = await jetstreamManager(nats.connection);
  await manager.streams.add({ name: 'EVENTS-0', subjects: ['events.0'] });
  expect((await jetstream(nats.connection).publish('events.0', 'x')).seq).toBe(1);
  await nats.drain(1_000);
});

test('without credentials, or with those of another account, the login is refused with the setting', async () => {
  for (const file of [undefined, await writeCredentials('foreign.creds', createAccount())]) {
    const refusal = connects(file);
    await expect(refusal).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(refusal).rejects.toThrow(
      /refuses the login \(.*\): correct ODO_NATS_URL or ODO_NATS_CREDENTIALS_FILE$/,
    );
  }
});

test('a file that is replaced is used at the next connection', async () => {
  const inSeconds = Math.floor(Date.now() / 1_000) + 2;
  const file = await writeCredentials('short.creds', account, inSeconds);
  const nats = await connects(file);
  let reconnections = 0;
  nats.onReconnect(() => {
    reconnections += 1;
  });
  await writeCredentials('short.creds');
  await expect.poll(() => reconnections, { timeout: 20_000 }).toBeGreaterThan(0);
  await nats.connection.flush();
  await nats.drain(1_000);
});
