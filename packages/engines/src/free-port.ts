import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Fault } from '@odograph/kernel/fault';
import { isErrno, isSystemError } from './errno.ts';

/** Every engine and service that is started here listens on this address. */
export const LOOPBACK = '127.0.0.1';

/** Below the ports of outgoing connections: such a connection could take the port between two starts. */
const PORTS = { from: 20_000, below: 32_000 };
const ATTEMPTS = 100;

/** Ports that this process has handed out and that may not be in use yet; the oldest are dropped. */
const recent = new Set<number>();
const REMEMBERED = 1_000;

/**
 * A port on loopback that is free now and that this function has not returned recently.
 * @param second how far above it there is another one for the same program; 0: it needs no other
 */
export async function findFreePort(second = 0): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.below - second);
    const wanted = second === 0 ? [port] : [port, port + second];
    if (wanted.some((each) => recent.has(each))) continue;
    try {
      for (const each of wanted) {
        remember(each);
        await listenOnce(each);
      }
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS || !isErrno(error, 'EADDRINUSE')) throw error;
    }
  }
}

function remember(port: number): void {
  recent.add(port);
  const [oldest = port] = recent;
  if (recent.size > REMEMBERED) recent.delete(oldest);
}

/** @throws Fault RULE_VIOLATED when the port cannot be used; it ends with the way out. */
export async function requireFreePort(port: number, wayOut = 'choose another port'): Promise<void> {
  const why = await whyUnusable(port);
  if (why !== undefined) throw new Fault('RULE_VIOLATED', `port ${port} on ${LOOPBACK} ${why}: ${wayOut}`);
}

/** Why this process cannot listen on a port of loopback, such as `is in use by another program`; undefined if it can. */
export async function whyUnusable(port: number): Promise<string | undefined> {
  try {
    await listenOnce(port);
    return undefined;
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) return 'is in use by another program';
    if (isSystemError(error)) return `cannot be used (${error.code})`;
    throw error;
  }
}

function listenOnce(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, LOOPBACK, () => server.close(() => done()));
  });
}
