import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort } from '@odograph/engines/free-port';
import { startOwned } from '@odograph/engines/owned-process';
import { makeRunDir } from './engines-setup.ts';
import { eventually } from './eventually.ts';

/** The path of a certificate of the folder `certificates`, whose README.md says what each is. */
export function certificate(name: 'ca' | 'other-ca' | 'server' | 'client'): string {
  return join(import.meta.dirname, `../certificates/${name}.pem`);
}

const SERVER = certificate('server');
const CA = certificate('ca');

/** A server that speaks TLS only; `await using` stops it. */
interface TlsEngine extends AsyncDisposable {
  readonly port: number;
}

/** Whether a client must show a certificate of our authority. */
interface TlsOptions {
  readonly asksClient?: boolean;
}

/** A NATS server with the user `me` and the password `right`, for clients that begin with the handshake. */
export async function startTlsNats({ asksClient = false }: TlsOptions = {}): Promise<TlsEngine> {
  const dataDir = await makeRunDir();
  const port = await findFreePort();
  const tls = { cert_file: SERVER, key_file: SERVER, ca_file: CA, verify: asksClient, handshake_first: true };
  const users = [{ user: 'me', password: 'right' }];
  const jetstream = { store_dir: join(dataDir, 'jetstream') };
  const config = { listen: `127.0.0.1:${port}`, tls, authorization: { users }, jetstream };
  await writeFile(join(dataDir, 'tls.conf'), JSON.stringify(config));
  return await start(await findBinary('nats'), ['--config', join(dataDir, 'tls.conf')], { dataDir, port });
}

/** A MongoDB server without access control. */
export async function startTlsMongo({ asksClient = false }: TlsOptions = {}): Promise<TlsEngine> {
  const dataDir = await makeRunDir();
  const port = await findFreePort();
  const tls = ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', SERVER, '--tlsCAFile', CA];
  if (!asksClient) tls.push('--tlsAllowConnectionsWithoutCertificates');
  const place = ['--dbpath', dataDir, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
  return await start(await findBinary('mongo'), [...place, ...tls], { dataDir, port });
}

async function start(
  { path }: { readonly path: string },
  args: readonly string[],
  { dataDir, port }: { readonly dataDir: string; readonly port: number },
): Promise<TlsEngine> {
  const { stop } = startOwned({
    command: [path, ...args],
    logFile: join(dataDir, 'tls.log'),
    pidFile: join(dataDir, 'tls.pid'),
    word: dataDir,
    stopTimeoutMs: 10_000,
  });
  const dispose = async () => {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  await eventually(() => touch(port));
  return { port, [Symbol.asyncDispose]: dispose };
}

/** Throws if no process listens on the port. */
export async function touch(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
