import { eventually } from '@odograph/testing/eventually';
import { describe, expect, test } from 'vitest';
import type { Frame, FrameAction } from './frames.ts';
import { openLink } from './link.ts';
import { echo, startServer, TestClient } from './tcp.fixture.ts';

const verbOf = (frame: Frame) => (frame.protocol === 'nats' ? frame.verb : '');

/** An echo server behind a link that reads NATS. */
async function openTestLink() {
  const server = await startServer(echo);
  const link = await openLink({ name: 'test', targetPort: server.port, protocol: 'nats' });
  const received = () => server.sockets.map(({ bytesRead }) => bytesRead);
  const dispose = async () => {
    await link.close();
    await server[Symbol.asyncDispose]();
  };
  return { link, received, [Symbol.asyncDispose]: dispose };
}

describe('a watcher of a link', () => {
  test('sees frames of both directions, also of connections that are older than it', async () => {
    await using opened = await openTestLink();
    const client = new TestClient(opened.link.port);
    client.socket.write('PING\r\nPUB a 4\r\nab');
    await eventually(() => expect(client.text).toBe('PING\r\n'));
    const seen: string[] = [];
    const unwatch = opened.link.watch((frame) => {
      seen.push(`${frame.direction} ${verbOf(frame)}`);
      return 'pass';
    });
    client.socket.write('cd\r\n');
    await eventually(() => expect(client.text).toBe('PING\r\nPUB a 4\r\nabcd\r\n'));
    unwatch();
    client.socket.write('PONG\r\n');
    await eventually(() => expect(client.text).toContain('PONG'));
    expect(seen).toEqual(['request PUB', 'reply PUB']);
  });

  test('can hold a frame and the bytes behind it, on its connection only', async () => {
    await using opened = await openTestLink();
    const held = Promise.withResolvers<FrameAction>();
    opened.link.watch((frame) => (verbOf(frame) === 'PUB' ? held.promise : 'pass'));
    const [client, other] = [new TestClient(opened.link.port), new TestClient(opened.link.port)];
    client.socket.write('PING\r\nPUB a 1\r\nx\r\nPONG\r\n');
    await eventually(() => expect(client.text).toBe('PING\r\n'));
    other.socket.write('PING\r\n');
    await eventually(() => expect(other.text).toBe('PING\r\n'));
    expect(opened.received()).toEqual([6, 6]);
    held.resolve('pass');
    await eventually(() => expect(client.text).toBe('PING\r\nPUB a 1\r\nx\r\nPONG\r\n'));
  });

  test('can drop one frame', async () => {
    await using opened = await openTestLink();
    opened.link.watch((frame) => (verbOf(frame) === 'PUB' ? 'drop' : 'pass'));
    const client = new TestClient(opened.link.port);
    client.socket.end('PING\r\nPUB a 1\r\nx\r\nPONG\r\nPUB');
    await eventually(() => expect(client.hasEnded).toBe(true));
    expect(client.text).toBe('PING\r\nPONG\r\nPUB');
  });

  test('can reset a connection instead of forwarding a frame', async () => {
    await using opened = await openTestLink();
    opened.link.watch((frame) => (verbOf(frame) === 'PUB' ? 'cut' : 'pass'));
    const [client, other] = [new TestClient(opened.link.port), new TestClient(opened.link.port)];
    for (const { socket } of [client, other]) socket.write('PING\r\n');
    await eventually(() => expect([client.text, other.text]).toEqual(['PING\r\n', 'PING\r\n']));
    client.socket.write('PUB a 1\r\nx\r\n');
    await eventually(() => expect(client.fault).toBe('ECONNRESET'));
    expect(opened.received()).toEqual([6, 6]);
    other.socket.write('PONG\r\n');
    await eventually(() => expect(other.text).toBe('PING\r\nPONG\r\n'));
  });

  test('does not pass a frame if the link hangs by then', async () => {
    await using opened = await openTestLink();
    opened.link.watch(() => {
      opened.link.hang();
      return 'pass';
    });
    const client = new TestClient(opened.link.port);
    client.socket.write('PING\r\n');
    await eventually(() => expect(opened.link.connections()).toBe(1));
    await opened.link.heal();
    await eventually(() => expect(client.fault).toBe('ECONNRESET'));
    expect(opened.received().every((bytes) => bytes === 0)).toBe(true);
  });

  test('that throws, and bytes of another protocol, reset the connection and reject the close', async () => {
    await using server = await startServer(echo);
    const options = { name: 'test', targetPort: server.port, protocol: 'nats' } as const;
    const [strange, throwing] = [await openLink(options), await openLink(options)];
    throwing.watch(() => {
      throw new Error('a test that fails');
    });
    const clients = [new TestClient(strange.port), new TestClient(throwing.port)];
    clients[0]?.socket.write('PUB a what?\r\n');
    clients[1]?.socket.write('PING\r\n');
    await eventually(() => expect(clients.map(({ fault }) => fault)).toEqual(['ECONNRESET', 'ECONNRESET']));
    await expect(strange.close()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(throwing.close()).rejects.toThrow('a test that fails');
  });

  test('is refused on a link without a protocol', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    expect(() => link.watch(() => 'pass')).toThrow(expect.objectContaining({ code: 'RULE_VIOLATED' }));
  });
});
