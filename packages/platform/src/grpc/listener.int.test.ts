import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Logger, silentLogger } from '../logger.ts';
import { listen } from './listener.ts';

/** A listener that takes two connections of a client, and what it accepted and warned of. */
async function openListener() {
  const accepted: Socket[] = [];
  const warnings: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
  const onConnection = (socket: Socket) => accepted.push(socket);
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 2,
    onAccept: () => undefined,
    onConnection,
    logger,
  });
  onTestFinished(() => void listener.stop());
  const open = (localAddress = '127.0.0.1') => {
    const socket = connect({ port: listener.port, host: '127.0.0.1', localAddress }).resume();
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { accepted, warnings, open };
}

test('a client has a number of connections, more are closed at once, and one that ends makes room', async () => {
  const { accepted, warnings, open } = await openListener();
  const first = open();
  open();
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  for (const refused of [open(), open()]) await once(refused, 'close');
  expect(warnings).toEqual([{ client: '127.0.0.1', maxConnections: 2 }]);
  first.destroy();
  await vi.waitFor(() => expect(accepted[0]?.destroyed).toBe(true));
  open();
  await vi.waitFor(() => expect(accepted).toHaveLength(3));
});

test('there is room for a client without a connection, however many others have all that they may have', async () => {
  const { accepted, open } = await openListener();
  for (const client of [1, 1, 2, 2, 3, 3, 4]) await once(open(`127.0.0.${client}`), 'connect');
  await once(open('127.0.0.4'), 'close');
  open('127.0.0.5');
  await vi.waitFor(() => expect(accepted).toHaveLength(8));
});
