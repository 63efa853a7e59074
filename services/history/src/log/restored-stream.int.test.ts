import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import type { Logger } from '@odograph/platform/logger';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { openTestLog, reported } from './log.fixture.ts';

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const soon = () => Date.now() + 20_000;
const report = (at: number) =>
  reported({ vehicleId: 'bus-1', reportId: `r${at}`, observedAtMs: 1_700_000_000_000 + at * 1_000 });

/** A NATS server whose storage can be replaced with an older copy while it is down. */
async function openRestorableNats() {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-restore-'));
  const [dataDir, copy] = [join(folder, 'data'), join(folder, 'copy')];
  let nats = await startTestNats({ dataDir });
  const restart = async (between: () => Promise<void>) => {
    await nats.stop();
    await between();
    nats = await startTestNats({ dataDir, port: nats.port });
  };
  return {
    engine: nats,
    takeCopy: () => restart(() => cp(dataDir, copy, { recursive: true })),
    restoreCopy: () =>
      restart(async () => {
        await rm(dataDir, { recursive: true });
        await cp(copy, dataDir, { recursive: true });
      }),
    async [Symbol.asyncDispose]() {
      await nats[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function idsOf(log: Awaited<ReturnType<typeof openTestLog>>): Promise<string[]> {
  const events = await log.readAll();
  return events.filter(({ event }) => event.type === 'TelemetryReported').map(({ event }) => event.reportId);
}

/** Ten reports in the log; the copy of the storage has five of them. */
async function appendAroundCopy(
  nats: Awaited<ReturnType<typeof openRestorableNats>>,
  log: Awaited<ReturnType<typeof openTestLog>>,
) {
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  for (let at = 0; at < 5; at += 1) await publisher.append([report(at)], soon());
  await eventually(async () => expect(await idsOf(log)).toHaveLength(5));
  await nats.takeCopy();
  for (let at = 5; at < 10; at += 1) await publisher.append([report(at)], soon());
  await eventually(async () => expect(await idsOf(log)).toHaveLength(10));
  return publisher;
}

test('a stream restored from an older copy continues above all sequences that the log has', async () => {
  await using nats = await openRestorableNats();
  await using log = await openTestLog(nats.engine);
  await log.writer('one');
  const publisher = await appendAroundCopy(nats, log);
  const before = (await log.readAll()).at(-1)?.position.sequence ?? 0;

  await nats.restoreCopy();
  // A repair takes longer than a report waits.
  const after = await eventually(() => publisher.append([report(10)], soon()));

  expect(after.sequence).toBeGreaterThan(before + 1_000_000);
  const all = Array.from({ length: 11 }, (_, at) => `r${at}`);
  await eventually(async () => expect(await idsOf(log)).toEqual(all));
});

test('a restored stream that grew past the watermark while history was down loses no report', async () => {
  await using nats = await openRestorableNats();
  await using log = await openTestLog(nats.engine);
  const first = await log.writer('one');
  await appendAroundCopy(nats, log);
  await first.stop();

  await nats.restoreCopy();
  // A publisher that was restarted and has received no broadcast.
  const client = jetstream(await log.openConnection());
  for (let at = 10; at < 20; at += 1) {
    await client.publish('events.0', packEnvelope([encodeEnvelopeEntry(report(at))]));
  }
  const reasons: unknown[] = [];
  const logger = { ...SILENT, error: ({ reason }: { reason?: unknown }) => void reasons.push(reason) };
  await log.writer('two', { logger });

  const all = Array.from({ length: 20 }, (_, at) => `r${at}`);
  await eventually(async () => expect(await idsOf(log)).toEqual(all));
  expect(reasons[0]).toMatch(/was stored at/);
});

test('publishers lose no acknowledged report while a stream is repaired', async () => {
  await using nats = await openRestorableNats();
  await using log = await openTestLog(nats.engine);
  const first = await log.writer('one');
  await appendAroundCopy(nats, log);
  await first.stop();
  await nats.restoreCopy();

  // Publishers that were restarted, have received no broadcast, and never pause.
  const client = jetstream(await log.openConnection());
  const acknowledged = new Set<string>();
  let next = 10;
  let isOver = false;
  const publishing = Array.from({ length: 10 }, async () => {
    while (!isOver) {
      const event = report(next++);
      const envelope = packEnvelope([encodeEnvelopeEntry(event)]);
      try {
        await client.publish('events.0', envelope, { timeout: 500 });
        acknowledged.add(event.reportId);
      } catch (error) {
        // No responder: the repair is running. A report that was not acknowledged may or may not be stored.
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
  await eventually(() => expect(acknowledged.size).toBeGreaterThan(50));
  const second = await log.writer('two');
  await eventually(() => expect(second.isOwner).toBe(true));
  const before = acknowledged.size;
  await eventually(() => expect(acknowledged.size).toBeGreaterThan(before + 50));
  isOver = true;
  await Promise.all(publishing);

  await eventually(async () => {
    const logged = new Set(await idsOf(log));
    expect([...acknowledged].filter((id) => !logged.has(id))).toEqual([]);
  });
});
