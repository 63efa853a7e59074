import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Fault } from '@odograph/kernel/fault';
import { isErrno } from './errno.ts';

/** All that this package starts listens here. */
export const LOOPBACK = '127.0.0.1';

/** Below the ports that systems hand out to outgoing connections: one of those could take it between two starts. */
const PORTS = { from: 20_000, below: 32_000 };
const ATTEMPTS = 100;

/** A port on loopback that nobody listens on right now. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.below);
    try {
      await listenOnce(port);
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS || !isErrno(error, 'EADDRINUSE')) throw error;
    }
  }
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
