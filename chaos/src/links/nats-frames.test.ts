import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framesOf, natsMessage } from './frames.fixture.ts';
import { type NatsFrame, natsFramers } from './nats-frames.ts';

const HEADERS = 'NATS/1.0\r\nNats-Msg-Id: 7\r\n\r\n';
const TRICKY = Buffer.from('PUB a 3\r\n+OK\r\n\r\n');
const REQUESTS = Buffer.concat([
  Buffer.from('CONNECT {"verbose":false}\r\nPING\r\nSUB events.* q 9\r\nUNSUB 9 5\r\n'),
  natsMessage('PUB events.0', TRICKY),
  natsMessage('pub  events.1\t_INBOX.a', Buffer.from('ü')),
  natsMessage('PUB empty', Buffer.alloc(0)),
  natsMessage('HPUB events.2 _INBOX.b', TRICKY, HEADERS),
  Buffer.from('PONG\r\n'),
]);
const REPLIES = Buffer.concat([
  Buffer.from('INFO {"max_payload":1048576}\r\n+OK\r\n'),
  natsMessage('MSG log.1 3', TRICKY),
  natsMessage('MSG log.1 3 _INBOX.c', Buffer.from('x')),
  natsMessage('HMSG log.2 4 _INBOX.d', Buffer.alloc(0), HEADERS),
  Buffer.from("-ERR 'Unknown Protocol Operation'\r\n"),
]);

const summary = ({ verb, subject, replyTo, payload }: NatsFrame) =>
  [verb, subject, replyTo ?? '', payload.toString()].join('|');

describe('frames of the NATS protocol', () => {
  test('have verb, subject, reply subject and payload, in both directions', () => {
    expect(framesOf(natsFramers(), 'request', REQUESTS).map(summary)).toEqual([
      'CONNECT|||{"verbose":false}',
      'PING|||',
      'SUB|events.*||events.* q 9',
      'UNSUB|||9 5',
      `PUB|events.0||${TRICKY}`,
      'PUB|events.1|_INBOX.a|ü',
      'PUB|empty||',
      `HPUB|events.2|_INBOX.b|${TRICKY}`,
      'PONG|||',
    ]);
    expect(framesOf(natsFramers(), 'reply', REPLIES).map(summary)).toEqual([
      'INFO|||{"max_payload":1048576}',
      '+OK|||',
      `MSG|log.1||${TRICKY}`,
      'MSG|log.1|_INBOX.c|x',
      'HMSG|log.2|_INBOX.d|',
      "-ERR|||'Unknown Protocol Operation'",
    ]);
  });

  test('are the same wherever the bytes are split', () => {
    for (const [direction, bytes] of [
      ['request', REQUESTS],
      ['reply', REPLIES],
    ] as const) {
      const unsplit = framesOf(natsFramers(), direction, bytes);
      for (let at = 0; at <= bytes.length; at += 1) {
        expect(framesOf(natsFramers(), direction, bytes, [at])).toEqual(unsplit);
      }
      const everywhere = Array.from({ length: bytes.length }, (_, at) => at);
      expect(framesOf(natsFramers(), direction, bytes, everywhere)).toEqual(unsplit);
    }
  });

  test('are the same for messages in any pieces, and no byte is lost', () => {
    const message = fc.record({ payload: fc.uint8Array({ maxLength: 300 }), hasHeaders: fc.boolean() });
    const pieces = fc.array(fc.nat(), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), pieces, (messages, places) => {
        const bytes = Buffer.concat(
          messages.map(({ payload, hasHeaders }) =>
            hasHeaders ? natsMessage('HPUB a', payload, HEADERS) : natsMessage('PUB a', payload),
          ),
        );
        const cuts = places.map((place) => place % (bytes.length + 1));
        const frames = framesOf(natsFramers(), 'request', bytes, cuts);
        expect(frames.map(({ payload }) => [...payload])).toEqual(
          messages.map(({ payload }) => [...payload]),
        );
        expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('of a mebibyte in small pieces take linear time', () => {
    const bytes = natsMessage('PUB a', Buffer.alloc(1024 * 1024, 'x'));
    const everyFourth = Array.from({ length: bytes.length / 4 }, (_, at) => at * 4);
    expect(framesOf(natsFramers(), 'request', bytes, everyFourth)[0]?.bytes.equals(bytes)).toBe(true);
  });

  test('that are incomplete stay, and can be removed', () => {
    const { request } = natsFramers();
    expect(request.push(Buffer.from('PING\r\nPUB a 5\r\nab'))).toHaveLength(1);
    expect(request.rest().toString()).toBe('PUB a 5\r\nab');
    expect(request.rest()).toHaveLength(0);
  });

  test.each(['PUB a x\r\n', 'PUB 5\r\n', 'MSG a 1 -1\r\n', 'HPUB a 9 5\r\n', 'PUB a 99999999999\r\n'])(
    'refuse the invalid line %j',
    (line) => {
      expect(() => natsFramers().request.push(Buffer.from(line))).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT' }),
      );
    },
  );

  test('refuse a line without an end', () => {
    expect(() => natsFramers().request.push(Buffer.alloc(2_000_000, 'x'))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});
