import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { LOOPBACK } from '@odograph/engines/free-port';

/** A server for one test. */
interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** All accepted sockets, in order. */
  readonly sockets: readonly Socket[];
}

export async function startServer(onSocket: (socket: Socket) => void): Promise<TestServer> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, sockets, [Symbol.asyncDispose]: dispose };
}

export const echo = (socket: Socket): void => void socket.pipe(socket);

/** A client that remembers what it received and how it ended. */
export class TestClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  /** The code of the error that ended the connection. */
  fault: string | undefined;
  hasEnded = false;

  constructor(port: number) {
    this.socket = connect({ port, host: LOOPBACK, allowHalfOpen: true });
    this.socket.on('data', (bytes: Buffer) => this.#received.push(bytes));
    this.socket.on('end', () => {
      this.hasEnded = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.fault = error.code;
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  get text(): string {
    return this.received.toString();
  }
}
