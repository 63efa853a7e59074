import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Logger, silentLogger } from '../logger.ts';
import { listen } from './listener.ts';

test('a client has a number of connections, more are closed at once, and one that ends makes room', async () => {
  const accepted: Socket[] = [];
  const warnings: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
  const onConnection = (socket: Socket) => accepted.push(socket);
  const listener = await listen({ host: '127.0.0.1', port: 0, maxConnections: 2, onConnection, logger });
  onTestFinished(() => void listener.stop());
  const open = () => {
    const socket = connect(listener.port, '127.0.0.1').resume();
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    return socket;
  };
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
