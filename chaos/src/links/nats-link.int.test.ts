import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import { natsOptions } from '@odograph/platform/nats-options';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { describe, expect, test } from 'vitest';
import { atPoint } from './at-point.ts';
import type { FrameAction } from './frames.ts';
import { type Link, openLink } from './link.ts';

const SUBJECT = streamSubject(0);

/** A server with the stream of a partition, and a client that uses it through a link. */
async function openTestLink() {
  const server = await startTestNats();
  const link = await openLink({ name: 'ingest-nats', targetPort: server.port, protocol: 'nats' });
  const direct = await connect(natsOptions(server));
  const manager = await jetstreamManager(direct);
  await manager.streams.add({ name: streamName(0), subjects: [SUBJECT] });
  const client = await connectThrough(link, server.url);
  const storedCount = async () => (await manager.streams.info(streamName(0))).state.messages;
  const dispose = async () => {
    await Promise.all([client.close(), direct.close()]);
    await link.close();
    await server[Symbol.asyncDispose]();
  };
  return { link, direct, client, js: jetstream(client), storedCount, [Symbol.asyncDispose]: dispose };
}

function connectThrough({ port }: Link, server: string): Promise<NatsConnection> {
  const url = Object.assign(new URL(server), { port }).href;
  return connect({ ...natsOptions({ url }), reconnectTimeWait: 20, maxReconnectAttempts: -1 });
}

const publish = (js: JetStreamClient, payload: Uint8Array | string, msgID: string, timeout = 10_000) =>
  js.publish(SUBJECT, payload, { msgID, timeout, retries: 1 });

describe('a link to NATS', () => {
  test('forwards the largest payloads unchanged', async () => {
    await using opened = await openTestLink();
    const { client, direct } = opened;
    const [there, back] = [Buffer.alloc(1024 * 1024, 'there'), Buffer.alloc(1024 * 1024, 'back')];
    direct.subscribe('ask', {
      callback: (_, message) => void message.respond(there.equals(message.data) ? back : undefined),
    });
    await direct.flush();
    for (let times = 0; times < 20; times += 1) {
      const { data } = await client.request('ask', there, { timeout: 5_000 });
      expect(back.equals(data)).toBe(true);
    }
  });

  test('that was cut or hung works again when it is healed', async () => {
    await using opened = await openTestLink();
    const { link, js } = opened;
    for (const fault of ['cut', 'hang', 'reset'] as const) {
      link[fault]();
      if (fault !== 'reset')
        await expect(js.publish(SUBJECT, 'x', { timeout: 50, retries: 1 })).rejects.toThrow();
      await link.heal();
      await eventually(() => publish(js, 'x', fault, 300));
    }
  });

  test('that is slow still works', async () => {
    await using opened = await openTestLink();
    opened.link.slow({ latencyMs: 15, jitterMs: 10 });
    const startedAtMs = performance.now();
    expect(await publish(opened.js, 'x', 'one')).toMatchObject({ seq: 1 });
    expect(performance.now() - startedAtMs).toBeGreaterThan(30);
  });

  test('can hold an envelope before JetStream has it', async () => {
    await using opened = await openTestLink();
    const { link, js, storedCount } = opened;
    const reached = atPoint(link, 'envelope sent', {}, async (): Promise<FrameAction> => {
      expect(await storedCount()).toBe(0);
      return 'pass';
    });
    const { seq } = await publish(js, 'x', 'one');
    await reached;
    expect(seq).toBe(1);
  });

  test('can lose an acknowledgement, and JetStream answers the retry as a duplicate', async () => {
    await using opened = await openTestLink();
    const { link, js, storedCount } = opened;
    const reached = atPoint(link, 'envelope acknowledged', { after: 2 }, () => 'drop');
    await publish(js, 'x', 'one');
    await expect(js.publish(SUBJECT, 'y', { msgID: 'two', timeout: 300, retries: 1 })).rejects.toThrow();
    await reached;
    expect(await storedCount()).toBe(2);
    expect(await publish(js, 'y', 'two')).toMatchObject({ seq: 2, duplicate: true });
  });

  test('can reset the connection instead of forwarding an envelope, which is then not stored', async () => {
    await using opened = await openTestLink();
    const { link, js, storedCount } = opened;
    const reached = atPoint(link, 'envelope sent', {}, () => 'cut');
    await expect(js.publish(SUBJECT, 'x', { msgID: 'one', timeout: 500, retries: 1 })).rejects.toThrow();
    await reached;
    expect(await storedCount()).toBe(0);
    await eventually(async () => expect(await publish(js, 'x', 'one', 300)).toMatchObject({ seq: 1 }));
  });
});

describe('a wait for a point', () => {
  test('can be cancelled', async () => {
    await using opened = await openTestLink();
    const { link, js } = opened;
    const giveUp = new AbortController();
    let acts = 0;
    const act = () => {
      acts += 1;
      return 'drop' as const;
    };
    const waiting = atPoint(link, 'envelope sent', { signal: giveUp.signal }, act);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    const late = atPoint(link, 'envelope sent', { signal: giveUp.signal }, act);
    await expect(late).rejects.toMatchObject({ code: 'CANCELLED' });
    await publish(js, 'x', 'one');
    expect(acts).toBe(0);
  });

  test('rejects with the error of its act, and the message passes', async () => {
    await using opened = await openTestLink();
    const waiting = atPoint(opened.link, 'envelope sent', {}, () => {
      throw new Error('not like this');
    });
    const [outcome, { seq }] = await Promise.all([
      waiting.catch((error: unknown) => error),
      publish(opened.js, 'x', 'one'),
    ]);
    expect(outcome).toMatchObject({ message: 'not like this' });
    expect(seq).toBe(1);
  });
});
