import type { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { framesOf, mongoMessage, natsMessage } from './frames.fixture.ts';
import type { Frame } from './frames.ts';
import { mongoFramers } from './mongo-frames.ts';
import { natsFramers } from './nats-frames.ts';
import { isPoint, POINTS, type PointLink, type PointName } from './points.ts';

const NAMES = Object.keys(POINTS) as PointName[];
/** Without the points that are on the link of another service. */
const pointsOf = (frame: Frame | undefined, link?: PointLink) =>
  NAMES.filter((name) => frame && isPoint(name, frame) && (!link || POINTS[name].link === link));

function onMongo(body: BSON.Document): readonly [sent: PointName[], answered: PointName[]] {
  const framers = mongoFramers();
  const [sent] = framesOf(framers, 'request', mongoMessage({ id: 1, body }));
  const [answered] = framesOf(framers, 'reply', mongoMessage({ id: 2, responseTo: 1, body: { ok: 1 } }));
  return [pointsOf(sent), pointsOf(answered)];
}

const update = (collection: string, ...filters: BSON.Document[]) =>
  onMongo({ update: collection, updates: filters.map((q) => ({ q, u: [{ $set: { watermark: 1 } }] })) });
const published = (line: string, payload: Uint8Array, link: PointLink = 'ingest-nats') =>
  pointsOf(framesOf(natsFramers(), 'request', natsMessage(line, payload))[0], link);
const received = (payload: unknown, link: PointLink = 'ingest-nats') =>
  pointsOf(
    framesOf(natsFramers(), 'reply', natsMessage('MSG _INBOX.a 1', Buffer.from(JSON.stringify(payload))))[0],
    link,
  );

describe('the points', () => {
  test('of an envelope are its publication and its acknowledgement', () => {
    expect(published('PUB events.3 _INBOX.a', Buffer.from('x'))).toEqual(['envelope sent']);
    expect(published('PUB events.03', Buffer.from('x'))).toEqual([]);
    expect(published('PUB repair.3', Buffer.from('x'))).toEqual([]);
    expect(received({ stream: 'EVENTS-3', seq: 7 })).toEqual(['envelope acknowledged']);
    expect(received({ stream: 'EVENTS-3', seq: 7, duplicate: true })).toEqual(['envelope acknowledged']);
    expect(received({ stream: 'EVENTS-3', seq: 0, error: { code: 503 } })).toEqual([]);
    expect(received({ stream: 'OTHER', seq: 7 })).toEqual([]);
    expect(received({ name: 'EVENTS-3', state: { seq: 7 } })).toEqual([]);
    expect(
      pointsOf(framesOf(natsFramers(), 'reply', natsMessage('MSG a 1', Buffer.from('{"st')))[0]),
    ).toEqual([]);
  });

  test('of an insert are inserts of envelopes', () => {
    expect(onMongo({ insert: 'envelopes' })).toEqual([['insert sent'], ['insert answered']]);
    expect(onMongo({ insert: 'partitions' })).toEqual([[], []]);
    expect(onMongo({ find: 'envelopes' })).toEqual([[], []]);
  });

  test('of the ledger are its documents and its checkpoints', () => {
    expect(update('ledger', { _id: { v: 'a', w: 1 } })).toEqual([['ledger sent'], ['ledger answered']]);
    expect(update('ledger_checkpoints', { _id: 1, sequence: 3 })).toEqual([['ledger checkpoint sent'], []]);
    expect(update('ledger_checkpoints', { _id: 1 })).toEqual([[], []]);
    expect(update('partitions', { _id: 1, 'lease.token': 2 })).toEqual([[], []]);
  });

  test('of a broadcast are those of a partition', () => {
    expect(published('PUB log.0', Buffer.from('x'), 'history-nats')).toEqual(['broadcast']);
    expect(published('PUB logs.0', Buffer.from('x'), 'history-nats')).toEqual([]);
  });

  test('of the views are their documents and their checkpoints', () => {
    const flush = [['flush sent'], ['flush answered']];
    expect(update('status_v1', { _id: 1 }, { _id: 2 })).toEqual(flush);
    expect(update('samples_v12', { _id: 1 })).toEqual(flush);
    expect(onMongo({ insert: 'samples_v12' })).toEqual(flush);
    expect(update('other_v1', { _id: 1 })).toEqual([[], []]);
    expect(update('checkpoints', { _id: '0:a@1', sequence: 4 })).toEqual([
      ['checkpoint sent'],
      ['checkpoint answered'],
    ]);
    expect(update('checkpoints', { _id: '0:a@1' })).toEqual([[], []]);
  });

  test('of a decision are those of an envelope between history and NATS, and its documents', () => {
    expect(published('PUB events.3 _INBOX.a', Buffer.from('x'), 'history-nats')).toEqual(['decision sent']);
    expect(received({ stream: 'EVENTS-3', seq: 7 }, 'history-nats')).toEqual(['decision acknowledged']);
    const stored = [['registration sent'], ['registration answered']];
    expect(update('registration_v1', { _id: 1 })).toEqual(stored);
    expect(onMongo({ insert: 'registration_v1' })).toEqual(stored);
  });

  test('are on links of their protocol', () => {
    for (const name of NAMES) {
      const isOnMongo = POINTS[name].link === 'history-mongo';
      expect(isOnMongo).toBe(/insert|ledger|flush|checkpoint|registration/.test(name));
    }
  });
});
