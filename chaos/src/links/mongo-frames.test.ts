import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { compressedMessage, framesOf, mongoHandshake, mongoMessage } from './frames.fixture.ts';
import { type MongoFrame, mongoFramers } from './mongo-frames.ts';

const MORE_TO_COME = 2;
const EXHAUST_ALLOWED = 1 << 16;

const summary = ({ command, collection }: MongoFrame) => `${command} ${collection}`;
const insert = (id: number) => mongoMessage({ id, body: { insert: 'events', documents: [{ _id: 1 }] } });
const answer = (id: number, responseTo: number, flags = 0) =>
  mongoMessage({ id, responseTo, flags, body: { ok: 1, n: id } });

describe('frames of the MongoDB wire protocol', () => {
  test('have command, collection, and a body with its sequences', () => {
    const update = mongoMessage({
      id: 5,
      flags: 1,
      body: { update: 'partitions', $db: 'odograph' },
      sequences: { updates: [{ q: { _id: 1, watermark: 4 }, u: {} }, { q: { _id: 2 } }], other: [] },
    });
    const [frame] = framesOf(mongoFramers(), 'request', update);
    expect(frame).toMatchObject({ direction: 'request', command: 'update', collection: 'partitions' });
    expect(frame?.body()).toEqual({
      update: 'partitions',
      $db: 'odograph',
      updates: [{ q: { _id: 1, watermark: 4 }, u: {} }, { q: { _id: 2 } }],
      other: [],
    });
    expect(frame?.body()).toBe(frame?.body());
  });

  test('of a command without a collection have an empty one', () => {
    const bytes = [{ ping: 1 }, {}, { getMore: BSON.Long.fromNumber(9), collection: 'events' }].map(
      (body, id) => mongoMessage({ id, body }),
    );
    expect(framesOf(mongoFramers(), 'request', Buffer.concat(bytes)).map(summary)).toEqual([
      'ping ',
      ' ',
      'getMore events',
    ]);
  });

  test('that are replies belong to their request, in any order', () => {
    const framers = mongoFramers();
    framesOf(
      framers,
      'request',
      Buffer.concat([insert(1), mongoMessage({ id: 2, body: { find: 'views' } })]),
    );
    const replies = framesOf(framers, 'reply', Buffer.concat([answer(90, 2), answer(91, 1), answer(92, 1)]));
    expect(replies.map(summary)).toEqual(['find views', 'insert events', 'ok ']);
    expect(replies.map(({ request }) => request?.direction)).toEqual(['request', 'request', undefined]);
    expect(replies[1]?.body()).toEqual({ ok: 1, n: 91 });
    expect(replies[1]?.request?.body()).toMatchObject({ documents: [{ _id: 1 }] });
  });

  test('of several replies in a row belong to the same request', () => {
    const framers = mongoFramers();
    framesOf(framers, 'request', mongoMessage({ id: 3, flags: EXHAUST_ALLOWED, body: { hello: 1 } }));
    const stream = [answer(10, 3, MORE_TO_COME), answer(11, 10, MORE_TO_COME), answer(12, 3), answer(13, 12)];
    expect(framesOf(framers, 'reply', Buffer.concat(stream)).map(summary)).toEqual([
      'hello ',
      'hello ',
      'hello ',
      'ok ',
    ]);
  });

  test('of a request without a reply are not matched with a later one', () => {
    const framers = mongoFramers();
    framesOf(framers, 'request', mongoMessage({ id: 3, flags: MORE_TO_COME, body: { insert: 'events' } }));
    expect(framesOf(framers, 'reply', answer(10, 3))[0]?.request).toBeUndefined();
  });

  test('include the first handshake; unreadable messages have only their bytes', () => {
    const framers = mongoFramers();
    const { hello, answer: answered } = mongoHandshake(6);
    const [asked, compressed] = framesOf(framers, 'request', Buffer.concat([hello, compressedMessage(7)]));
    expect(asked?.body()).toEqual({ ismaster: 1, helloOk: true });
    const [reply] = framesOf(framers, 'reply', answered);
    expect(reply).toMatchObject({ command: 'ismaster', request: asked });
    expect(reply?.body()).toEqual({ ismaster: true, ok: 1 });
    expect(compressed).toMatchObject({ command: '', collection: '' });
    expect(compressed?.body()).toBeUndefined();
  });

  test('are the same wherever the bytes are split', () => {
    const { hello } = mongoHandshake(6);
    const bytes = Buffer.concat([hello, insert(7), compressedMessage(8), insert(9)]);
    const summaries = (cuts: number[]) =>
      framesOf(mongoFramers(), 'request', bytes, cuts).map((frame) => [
        summary(frame),
        frame.bytes,
        frame.body(),
      ]);
    const unsplit = summaries([]);
    expect(unsplit).toHaveLength(4);
    for (let at = 0; at <= bytes.length; at += 1) expect(summaries([at])).toEqual(unsplit);
    expect(summaries(Array.from({ length: bytes.length }, (_, at) => at))).toEqual(unsplit);
  });

  test('are the same for messages in any pieces, and no byte is lost', () => {
    const texts = fc.array(fc.string({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 20 }), (list, places) => {
        const bytes = Buffer.concat(list.map((text, id) => mongoMessage({ id, body: { insert: text } })));
        const cuts = places.map((place) => place % (bytes.length + 1));
        const frames = framesOf(mongoFramers(), 'request', bytes, cuts);
        expect(frames.map(({ collection }) => collection)).toEqual(list);
        expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('that are incomplete stay, and can be removed', () => {
    const { request } = mongoFramers();
    const bytes = insert(1);
    expect(request.push(Buffer.concat([bytes, bytes.subarray(0, 20)]))).toHaveLength(1);
    expect(request.rest().equals(bytes.subarray(0, 20))).toBe(true);
  });

  test.each([-1, 15, 100_000_000])('are not %i bytes long', (length) => {
    const head = Buffer.alloc(16);
    head.writeInt32LE(length);
    expect(() => mongoFramers().request.push(head)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});
