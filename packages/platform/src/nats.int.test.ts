import { startTestNats } from '@odograph/testing/engines';
import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from './logger.ts';
import { connectNats } from './nats.ts';

const OPTIONS = { name: 'test', logger: silentLogger };

describe('a connection to NATS', () => {
  test('reconnects after the server was away, and calls the listener', async () => {
    await using server = await startTestNats();
    const nats = await connectNats({ ...OPTIONS, url: server.url });
    const onReconnect = vi.fn();
    nats.onReconnect(onReconnect);
    expect(nats.isConnected()).toBe(true);

    await server.kill9();
    await expect.poll(() => nats.isConnected(), { timeout: 5_000 }).toBe(false);

    const port = Number(new URL(server.url).port);
    await using back = await startTestNats({ dataDir: server.dataDir, port });
    expect(back.url).toBe(server.url);
    await expect.poll(() => nats.isConnected(), { timeout: 10_000 }).toBe(true);
    expect(onReconnect).toHaveBeenCalledTimes(1);
    await nats.connection.flush();
    await nats.drain(5_000);
  });

  test('waits at the start for a server, but not longer than its time', async () => {
    await using gone = await startTestNats();
    const { dataDir, port } = gone;
    await gone.kill9();
    const connecting = connectNats({ ...OPTIONS, url: gone.url, connectWithinMs: 20_000 });
    await using _ = await startTestNats({ dataDir, port });
    await (await connecting).drain(5_000);

    await expect(
      connectNats({ ...OPTIONS, url: 'nats://127.0.0.1:1', connectWithinMs: 50 }),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('NATS at nats://127.0.0.1:1 does not answer'),
    });
    const cancel = new AbortController();
    const waiting = connectNats({ ...OPTIONS, url: 'nats://127.0.0.1:1', signal: cancel.signal });
    cancel.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('sends everything that was published before it closes', async () => {
    await using server = await startTestNats();
    const [sender, receiver] = [
      await connectNats({ ...OPTIONS, url: server.url }),
      await connectNats({ ...OPTIONS, url: server.url }),
    ];
    const received: string[] = [];
    const subscription = receiver.connection.subscribe('test', {
      callback: (_, message) => void received.push(message.string()),
    });
    await receiver.connection.flush();
    for (let number = 0; number < 1_000; number += 1) sender.connection.publish('test', `${number}`);
    await sender.drain(5_000);
    await expect.poll(() => received.length, { timeout: 5_000 }).toBe(1_000);
    expect(subscription.isClosed()).toBe(false);
    await receiver.drain(5_000);
    await receiver.drain(5_000);
  });

  test('closes in time when the server is away', async () => {
    await using server = await startTestNats();
    const nats = await connectNats({ ...OPTIONS, url: server.url });
    server.kill('SIGSTOP');
    const drained = nats.drain(100);
    await drained;
    server.kill('SIGCONT');
    expect(nats.connection.isClosed()).toBe(true);
    expect(nats.isConnected()).toBe(false);
  });
});
