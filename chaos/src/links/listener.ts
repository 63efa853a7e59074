import { createServer, type Server, type Socket } from 'node:net';
import { isErrno } from '@odograph/engines/errno';
import { findFreePort, LOOPBACK } from '@odograph/engines/free-port';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';

/** A loopback port that can be closed, so that connections to it are refused, and opened again. */
export interface Listener {
  readonly port: number;
  /** Resolves once it listens. Throws a Fault UNAVAILABLE when somebody else has taken the port and keeps it. */
  open(): Promise<void>;
  /** Refuses from now on; what was accepted stays. */
  shut(): void;
}

const OPEN_WITHIN_MS = 5_000;
const RETRY_MS = 20;

export async function openListener(onConnection: (socket: Socket) => void): Promise<Listener> {
  const port = await findFreePort();
  let server: Server | undefined;
  let opening: Promise<void> | undefined;

  async function listenUntilOpen(opened: Server): Promise<void> {
    const deadlineAtMs = performance.now() + OPEN_WITHIN_MS;
    // Shut in the meantime, it is not opened any more.
    while (server === opened) {
      try {
        await listen(opened, port);
        break;
      } catch (cause) {
        const isPassing = isErrno(cause, 'EADDRINUSE') && performance.now() < deadlineAtMs;
        if (!isPassing) throw new Fault('UNAVAILABLE', `port ${port} cannot be opened`, { cause });
        await pause(RETRY_MS);
      }
    }
    if (server !== opened) opened.close();
  }

  const listener: Listener = {
    port,
    async open() {
      if (!server) {
        server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
        opening = listenUntilOpen(server);
      }
      try {
        await opening;
      } catch (error) {
        server = undefined;
        throw error;
      }
    },
    shut() {
      server?.close();
      server = undefined;
    },
  };
  await listener.open();
  return listener;
}

/** Resolves, too, when the server is closed before it listens. */
async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).once('close', resolve);
  server.listen(port, LOOPBACK, resolve);
  try {
    await promise;
  } finally {
    server.off('error', reject).off('close', resolve).off('listening', resolve);
  }
}
