import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { isFault } from '@odograph/kernel/fault';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import { decided, POISON_SPEED, type Totals } from './totals.fixture.ts';
import { append, openTestViews, totalsAt } from './views.fixture.ts';

test('a report is in the answer once, before and after it is stored', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  const position = await append(test.publisher, 1, 2, 3);

  expect(await totalsAt(test, views, position)).toEqual({
    totals: { reports: 3, speedSum: 6 },
    parked: undefined,
  });
  expect(await test.stored()).toBeUndefined();
  await views.stop();
  expect(await test.stored()).toEqual({ reports: 3, speedSum: 6 });

  const again = await test.start();
  const next = await append(test.publisher, 4);
  expect((await totalsAt(test, again, next)).totals).toEqual({ reports: 4, speedSum: 10 });
  await again.stop();
});

test('a crash between the documents and the checkpoint, and a second owner, change nothing', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  const other = await test.start();
  const position = await append(test.publisher, 1, 2, 3);
  await totalsAt(test, views, position);
  await totalsAt(test, other, position);
  await views.stop();
  await test.log.mongo.db.collection('checkpoints').deleteMany({});

  expect((await totalsAt(test, other, position)).totals).toEqual({ reports: 3, speedSum: 6 });
  await other.stop();

  const third = await test.start();
  expect((await totalsAt(test, third, position)).totals).toEqual({ reports: 3, speedSum: 6 });
  await third.stop();
  expect(await test.stored()).toEqual({ reports: 3, speedSum: 6 });
});

test('a first checkpoint that was only begun, as after a crash between its two writes, is continued', async () => {
  await using test = await openTestViews();
  const _id = '0:totals@1' as never;
  await test.log.mongo.db.collection('checkpoints').insertOne({ _id, sequence: 0, parked: [] });
  const position = await append(test.publisher, 10, 20);
  const views = await test.start();
  const before = await totalsAt(test, views, position);
  await views.flushNow(0);

  expect(await test.stored()).toBeDefined();
  expect(await totalsAt(test, views, position)).toEqual(before);
  expect((await views.checkpoints.read(0)).get('totals')).toMatchObject({
    partition: 0,
    sequence: position.sequence,
  });
  await views.stop();
});

test('queries during flushes never miss or repeat an event', async () => {
  await using test = await openTestViews({ settings: { flushIntervalMs: 1 } });
  const views = await test.start();
  for (let round = 1; round <= 60; round += 1) {
    const position = await append(test.publisher, 1);
    expect((await totalsAt(test, views, position)).totals?.reports).toBe(round);
  }
  await views.stop();
});

test('a replica that does not store gives the same answers, and drops what the owner has stored', async () => {
  await using test = await openTestViews();
  const owner = await test.start();
  const replica = await test.start(() => false, { flushIntervalMs: 1 });
  const position = await append(test.publisher, 1, 2);
  await totalsAt(test, owner, position);
  await owner.stop();

  await eventually(() => expect(replica.tails[0]?.bytes()).toBe(0));
  expect((await totalsAt(test, replica, position)).totals).toEqual({ reports: 2, speedSum: 3 });
  await replica.stop();
});

test('an event that cannot be applied is parked with all after it, in the tail and in the store', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  await append(test.publisher, 1);
  const poison = await append(test.publisher, POISON_SPEED);
  const last = await append(test.publisher, 2, 3);
  const waiting = { totals: { reports: 1, speedSum: 1 }, parked: poison };

  expect(await totalsAt(test, views, last)).toEqual(waiting);
  await views.stop();
  const again = await test.start();
  expect(await totalsAt(test, again, last)).toEqual(waiting);
  const later = await append(test.publisher, 4);
  expect(await totalsAt(test, again, later)).toEqual(waiting);
  await again.stop();
  expect((await again.checkpoints.read(0)).get('totals')?.parked).toMatchObject([
    { subject: 'bus-1', reason: 'cannot add 666' },
  ]);
});

test.each([
  ['the tail', false],
  ['the store', true],
])('a retry after the fix applies all waiting events, from %s', async (_, isStored) => {
  await using test = await openTestViews();
  let views = await test.start();
  const poison = await append(test.publisher, 1, POISON_SPEED);
  const last = await append(test.publisher, 2, 3);
  await totalsAt(test, views, last);
  if (isStored) {
    await views.stop();
    views = await test.start();
  }
  const soon = Date.now() + 10_000;
  const tooEarly = await test.publisher.append([decided('ParkedEventRetried', 'bus-1', poison)], soon);
  expect((await totalsAt(test, views, tooEarly)).parked).toEqual(poison);

  test.projection.isCured = true;
  const retried = await test.publisher.append([decided('ParkedEventRetried', 'bus-1', poison)], soon);
  const whole = { totals: { reports: 4, speedSum: 6 + POISON_SPEED }, parked: undefined };
  expect(await totalsAt(test, views, retried)).toEqual(whole);
  await views.stop();
  expect(await test.stored()).toEqual(whole.totals);
  expect((await views.checkpoints.read(0)).get('totals')?.parked).toEqual([]);
});

test('a dropped event is left out and all waiting events are applied', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  const poison = await append(test.publisher, 1, POISON_SPEED);
  await append(test.publisher, 2, 3);
  const dropped = await test.publisher.append(
    [decided('ParkedEventDropped', 'bus-1', poison)],
    Date.now() + 10_000,
  );

  expect(await totalsAt(test, views, dropped)).toEqual({
    totals: { reports: 3, speedSum: 6 },
    parked: undefined,
  });
  await views.stop();
  expect(await test.stored()).toEqual({ reports: 3, speedSum: 6 });
});

test('a program that knows what an older one did not goes on by itself, and stores what waited', async () => {
  await using test = await openTestViews();
  const old = await test.start();
  const newer = await append(test.publisher, POISON_SPEED);
  await totalsAt(test, old, await append(test.publisher, 1, 2));
  await old.stop();
  // As an older program leaves it: here it is a known kind, and the projection can apply the event by now.
  const kind = { type: 'TelemetryReported', version: 1 };
  await test.log.mongo.db
    .collection('checkpoints')
    .updateOne({ 'parked.subject': 'bus-1' }, { $set: { 'parked.0.newer': kind } });
  test.projection.isCured = true;

  const replica = await test.start(() => false);
  const whole = { totals: { reports: 3, speedSum: 3 + POISON_SPEED }, parked: undefined };
  expect(await totalsAt(test, replica, newer)).toEqual(whole);
  // Nothing is stored of it, and no event of it is in the tail.
  const listed = (after: string) => replica.reader.subjectsAfter(test.model, { after, limit: 10 });
  expect([await listed(''), await listed('bus-1')]).toEqual([['bus-1'], []]);
  await replica.stop();
  const views = await test.start();
  const other = reported({ vehicleId: 'bus-2', reportId: 'r1', observedAtMs: 1_700_000_000_000 });
  await totalsAt(test, views, await test.publisher.append([other], Date.now() + 10_000));
  await views.stop();
  expect(await test.stored()).toEqual(whole.totals);
  expect((await views.checkpoints.read(0)).get('totals')?.parked).toEqual([]);
});

test('many failed retries do not make the next one slower', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  const poison = await append(test.publisher, POISON_SPEED);
  await append(test.publisher, 1);
  const soon = Date.now() + 20_000;
  let last = poison;
  for (let time = 0; time < 40; time += 1) {
    last = await test.publisher.append([decided('ParkedEventRetried', 'bus-1', poison)], soon);
  }
  expect((await totalsAt(test, views, last)).parked).toEqual(poison);
  await views.stop();
});

test('a vehicle with very many events in the tail holds up neither its neighbour nor a flush', async () => {
  await using test = await openTestViews();
  const views = await test.start();
  const soon = Date.now() + 30_000;
  const reports = Array.from({ length: 60_000 }, (_, at) => [
    reported({ vehicleId: 'bus-1', reportId: `r${at}`, observedAtMs: 1_700_000_000_000 + at, speedKmh: 1 }),
  ]);
  const positions = await test.publisher.appendAll(reports, { deadlineAtMs: soon });
  expect(positions.filter((position) => isFault(position))).toEqual([]);
  const other = reported({ vehicleId: 'bus-2', reportId: 'r1', observedAtMs: 1_700_000_000_000 });
  const last = await test.publisher.append([other], soon);
  await views.reader.reach(test.model, last, AbortSignal.timeout(30_000));

  const order: string[] = [];
  const ask = async (vehicle: string) => {
    const { slices } = await views.reader.read(test.model, vehicle, 'all');
    order.push(vehicle);
    return (slices.get('all') as Totals | undefined)?.reports;
  };
  const many = ask('bus-1');
  const flush = views.flushNow(0).then(() => order.push('flush'));
  await nextLoopTurn();
  expect(await ask('bus-2')).toBe(1);
  expect(order).toEqual(['bus-2']);
  expect(await many).toBe(60_000);
  await flush;
  await views.stop();
  expect(await test.stored()).toEqual({ reports: 60_000, speedSum: 60_000 });
});
