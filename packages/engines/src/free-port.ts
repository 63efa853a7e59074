import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Fault } from '@odograph/kernel/fault';
import { isErrno } from './errno.ts';

/** All that this package starts listens here. */
export const LOOPBACK = '127.0.0.1';

/** Below the ports that systems hand out to outgoing connections: one of those could take it between two starts. */
const PORTS = { from: 20_000, below: 32_000 };
const ATTEMPTS = 100;

/** Given to somebody in this process who may not listen there yet; the oldest are forgotten. */
const given = new Set<number>();
const REMEMBERED = 1_000;

/** A port on loopback that nobody listens on right now, and that nobody in this process was given a while ago. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.below);
    if (given.has(port)) continue;
    remember(port);
    try {
      await listenOnce(port);
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS || !isErrno(error, 'EADDRINUSE')) throw error;
    }
  }
}

function remember(port: number): void {
  given.add(port);
  const [oldest = port] = given;
  if (given.size > REMEMBERED) given.delete(oldest);
}

/** @throws Fault RULE_VIOLATED when somebody listens on the port already. */
export async function requireFreePort(port: number): Promise<void> {
  try {
    await listenOnce(port);
  } catch (cause) {
    if (!isErrno(cause, 'EADDRINUSE')) throw cause;
    throw new Fault('RULE_VIOLATED', `port ${port} on ${LOOPBACK} is in use by another program`, { cause });
  }
}

function listenOnce(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, LOOPBACK, () => server.close(() => done()));
  });
}
