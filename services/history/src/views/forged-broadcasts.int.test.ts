import { jetstreamManager } from '@nats-io/jetstream';
import { LogBroadcast, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { logSubject, streamName } from '@odograph/event-log/nats-subjects';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { append, openTestViews, totalsAt } from './views.fixture.ts';

const FAR = 1_000_000_000_000;

const FORGED: readonly (readonly [what: string, of: (watermark: number) => Partial<LogBroadcast>])[] = [
  ['a watermark far above the log', () => ({ watermark: FAR })],
  ['the greatest watermark', () => ({ watermark: Number.MAX_SAFE_INTEGER })],
  ['a watermark just above the log', (watermark) => ({ watermark: watermark + 1 })],
  ['no watermark', () => ({ watermark: 0 })],
  ['another partition', () => ({ partition: 1, watermark: FAR })],
  ['another state', (watermark) => ({ watermark, state: PartitionState.HALTED })],
  ['another stream', (watermark) => ({ watermark, streamCreatedAtMs: 1 })],
  ['no free disk', (watermark) => ({ watermark, freeDiskRatio: 0 })],
];

test.each(FORGED)(
  'a forged broadcast with %s changes no answer, and nothing that is stored',
  async (_, of) => {
    await using test = await openTestViews();
    const stranger = await test.log.openConnection();
    const { created } = await (await jetstreamManager(stranger)).streams.info(streamName(0));
    const head = {
      state: PartitionState.RUNNING,
      streamCreatedAtMs: Date.parse(created),
      freeDiskRatio: 0.5,
    };
    const forge = async () => {
      const forged = LogBroadcast.create({ ...head, ...of(await test.log.reader.watermark(0)) });
      stranger.publish(logSubject(0), LogBroadcast.encode(forged).finish());
      await stranger.flush();
    };
    let views = await test.start();
    for (let count = 1; count <= 3; count += 1) {
      await forge();
      const position = await append(test.publisher, 1);
      await forge();
      expect((await totalsAt(test, views, position)).totals).toEqual({ reports: count, speedSum: count });
      expect(views.tails[0]?.head()).toBeLessThanOrEqual(await test.log.reader.watermark(0));
      await views.flushNow(0);
      expect(await test.stored()).toEqual({ reports: count, speedSum: count });
      if (count !== 2) continue;
      await views.stop();
      views = await test.start();
    }
    await views.stop();
    expect(test.heals()).toBe(0);
  },
);

/** What a forged broadcast leaves behind if it is believed: documents and a checkpoint far above the log. */
async function spoil({ log, model }: Awaited<ReturnType<typeof openTestViews>>): Promise<void> {
  const { name, version } = model.projection;
  const documents = log.mongo.db.collection<{ readonly _id: { readonly v: string } }>(`${name}_v${version}`);
  await documents.updateOne(
    { '_id.v': 'bus-1' },
    { $set: { at: { s: FAR, i: 1_999 }, 'body.speedSum': 1_000 } },
  );
  await log.mongo.db.collection('checkpoints').updateMany({}, { $set: { sequence: FAR } });
}

test('what a forged broadcast spoiled before is folded again from the log', async () => {
  await using test = await openTestViews();
  const first = await test.start();
  await totalsAt(test, first, await append(test.publisher, 1, 2));
  await first.stop();
  await spoil(test);

  const views = await test.start();
  const position = await append(test.publisher, 3);
  expect((await totalsAt(test, views, position)).totals).toEqual({ reports: 3, speedSum: 6 });
  await views.stop();
  expect(await test.stored()).toEqual({ reports: 3, speedSum: 6 });
  expect((await views.checkpoints.read(0)).get('totals')?.sequence).toBe(position.sequence);
  expect(test.heals()).toBe(1);
});

test('until an owner has folded it again, who asks for a position waits, and gets no old answer', async () => {
  let isOwner = true;
  await using test = await openTestViews({ isOwner: () => isOwner });
  const first = await test.start();
  await totalsAt(test, first, await append(test.publisher, 1, 2));
  await first.stop();
  await spoil(test);

  isOwner = false;
  const views = await test.start();
  const position = await append(test.publisher, 3);
  const late = { code: 'DEADLINE', message: expect.stringContaining('is at 0, not yet at') };
  const reach = () => views.reader.reach(test.model, position, AbortSignal.timeout(1_500));
  await expect(reach()).rejects.toMatchObject(late);
  isOwner = true;
  expect((await totalsAt(test, views, position)).totals).toEqual({ reports: 3, speedSum: 6 });
  await views.stop();
});

test('the documents of other partitions, and those that the log confirms, stay', async () => {
  await using test = await openTestViews();
  const { store } = test.model;
  const slice = (subject: string, s: number) => {
    return {
      subject,
      key: 'all',
      includes: { s, i: 0 },
      documents: [{ reports: 1, speedSum: 1 }],
      isNew: true,
    };
  };
  await store.save([slice('above', 8), slice('other', 9), slice('below', 7)]);
  await store.removeAbove(7, (subject) => subject !== 'other', new AbortController().signal);
  expect(await store.subjectsAfter('', 10)).toEqual(['below', 'other']);
});

test('views that follow a log which is restored start again at its end, and say so', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  for (const speed of [1, 2, 3]) await append(test.publisher, speed);
  await eventually(() => expect(views.tails[0]?.head()).toBe(3));
  await test.writer.stop();
  await test.log.collections.envelopes.deleteMany({ '_id.s': { $gt: 1 } });

  await eventually(() => expect(views.tails[0]?.head()).toBe(1), 15_000);
  expect(test.heals()).toBe(1);
  const { slices } = await views.reader.read(test.model, 'bus-1', 'all');
  expect(slices.get('all')).toEqual({ reports: 1, speedSum: 1 });
  await views.stop();
});
