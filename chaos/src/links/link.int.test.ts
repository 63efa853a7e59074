import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { findFreePort } from '@odograph/engines/free-port';
import { createRandom } from '@odograph/kernel/random';
import { eventually } from '@odograph/testing/eventually';
import { describe, expect, test } from 'vitest';
import { openLink } from './link.ts';
import { echo, startServer, TestClient } from './tcp.fixture.ts';

const MIB = 1024 * 1024;

/** Sends bytes and waits for their echo. In this time other bytes could have passed, if they could pass at all. */
async function roundTrip(port: number): Promise<void> {
  const client = new TestClient(port);
  client.socket.end('there and back');
  await eventually(() => expect(client.text).toBe('there and back'));
  client.socket.destroy();
}

describe('a link', () => {
  test('forwards all bytes, and the end of each direction', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const bytes = randomBytes(20 * MIB);
    const client = new TestClient(link.port);
    client.socket.end(bytes);
    await eventually(() => expect(client.hasEnded).toBe(true));
    expect(client.received.equals(bytes)).toBe(true);
    await eventually(() => expect(link.connections()).toBe(0));
  });

  test('slows the writer when the reader is slow', async () => {
    await using server = await startServer((socket) => void socket.pause());
    await using other = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const client = new TestClient(link.port);
    const [piece, pieces] = [randomBytes(MIB), 128];
    let sent = 0;
    const writing = (async () => {
      for (; sent < pieces; sent += 1) if (!client.socket.write(piece)) await once(client.socket, 'drain');
      client.socket.end();
    })();
    await eventually(async () => {
      const before = sent;
      for (let trip = 0; trip < 20; trip += 1) await roundTrip(other.port);
      expect(sent).toBe(before);
    });
    expect(sent).toBeLessThan(pieces / 2);
    let received = 0;
    server.sockets[0]?.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    server.sockets[0]?.resume();
    await writing;
    await eventually(() => expect(received).toBe(pieces * MIB));
  });

  test('resets a client while the target does not listen', async () => {
    const targetPort = await findFreePort();
    await using link = await openLink({ name: 'test', targetPort });
    const client = new TestClient(link.port);
    await eventually(() => expect(client.fault).toBe('ECONNRESET'));
    await eventually(() => expect(link.connections()).toBe(0));
  });

  test('forwards a reset', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const client = new TestClient(link.port);
    await eventually(() => expect(server.sockets).toHaveLength(1));
    server.sockets[0]?.resetAndDestroy();
    await eventually(() => expect(client.fault).toBe('ECONNRESET'));
  });

  test('resets its connections once, and accepts new ones', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const clients = [new TestClient(link.port), new TestClient(link.port)];
    await eventually(() => expect(server.sockets).toHaveLength(2));
    expect(link.connections()).toBe(2);
    link.reset();
    await eventually(() => expect(clients.map(({ fault }) => fault)).toEqual(['ECONNRESET', 'ECONNRESET']));
    await eventually(() => expect(server.sockets.every(({ destroyed }) => destroyed)).toBe(true));
    await roundTrip(link.port);
  });

  test('that is cut refuses connections until it is healed', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const client = new TestClient(link.port);
    await eventually(() => expect(server.sockets).toHaveLength(1));
    link.cut();
    const refused = new TestClient(link.port);
    await eventually(() => expect([client.fault, refused.fault]).toEqual(['ECONNRESET', 'ECONNREFUSED']));
    await link.heal();
    await roundTrip(link.port);
  });

  test('that is cut and healed quickly ends in the state of the last call', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    for (let round = 0; round < 20; round += 1) {
      link.cut();
      await Promise.all([link.heal(), link.heal()]);
      await roundTrip(link.port);
    }
    link.cut();
    const healing = link.heal();
    link.cut();
    await healing;
    const refused = new TestClient(link.port);
    await eventually(() => expect(refused.fault).toBe('ECONNREFUSED'));
    await link.heal();
    await roundTrip(link.port);
  });

  test('that hangs sends nothing to either side, and resets its connections when it is healed', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    const [client, gone] = [new TestClient(link.port), new TestClient(link.port)];
    for (const { socket } of [client, gone]) socket.write('a');
    await eventually(() => expect([client.text, gone.text]).toEqual(['a', 'a']));
    link.hang();
    client.socket.write('b');
    gone.socket.resetAndDestroy();
    server.sockets[0]?.write('c');
    const late = new TestClient(link.port);
    late.socket.write('d');
    await once(late.socket, 'connect');
    await roundTrip(server.port);
    expect([client.text, client.fault, late.text, late.fault]).toEqual(['a', undefined, '', undefined]);
    expect(server.sockets.slice(0, 2).map(({ destroyed }) => destroyed)).toEqual([false, false]);
    expect(server.sockets).toHaveLength(3);

    await link.heal();
    await eventually(() => expect([client.fault, late.fault]).toEqual(['ECONNRESET', 'ECONNRESET']));
    await eventually(() => expect(server.sockets.every(({ destroyed }) => destroyed)).toBe(true));
    expect([client.text, late.text]).toEqual(['a', '']);
    await roundTrip(link.port);
  });

  test('that is slow delays each direction, and keeps the order', async () => {
    await using server = await startServer(echo);
    const random = createRandom(7);
    await using link = await openLink({ name: 'test', targetPort: server.port, random });
    link.slow({ latencyMs: 20, jitterMs: 30 });
    const client = new TestClient(link.port);
    await once(client.socket, 'connect');
    const startedAtMs = performance.now();
    const words = Array.from({ length: 30 }, (_, at) => `${at};`);
    for (const word of words) {
      client.socket.write(word);
      await new Promise(setImmediate);
    }
    await eventually(() => expect(client.text).toBe(words.join('')));
    expect(performance.now() - startedAtMs).toBeGreaterThan(40);
  });

  test('with limited bandwidth takes as long as the bytes need', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    link.slow({ latencyMs: 0, bytesPerSecond: MIB });
    const startedAtMs = performance.now();
    const client = new TestClient(link.port);
    client.socket.end(randomBytes(MIB / 4));
    await eventually(() => expect(client.received).toHaveLength(MIB / 4));
    expect(performance.now() - startedAtMs).toBeGreaterThan(240);
  });

  test('that was slow delivers delayed bytes when it is healed', async () => {
    await using server = await startServer(echo);
    await using link = await openLink({ name: 'test', targetPort: server.port });
    link.slow({ latencyMs: 3_600_000 });
    const client = new TestClient(link.port);
    client.socket.write('a');
    await eventually(() => expect(server.sockets).toHaveLength(1));
    await roundTrip(server.port);
    expect(server.sockets[0]?.bytesRead).toBe(0);
    await link.heal();
    await eventually(() => expect(client.text).toBe('a'));
  });

  test('has no open connections after it is closed', async () => {
    await using server = await startServer(echo);
    const link = await openLink({ name: 'test', targetPort: server.port });
    const client = new TestClient(link.port);
    await eventually(() => expect(server.sockets).toHaveLength(1));
    await link.close();
    const refused = new TestClient(link.port);
    await eventually(() => expect([client.fault, refused.fault]).toEqual(['ECONNRESET', 'ECONNREFUSED']));
    await eventually(() => expect(link.connections()).toBe(0));
  });
});
