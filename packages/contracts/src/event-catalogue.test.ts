import { readdirSync, readFileSync } from 'node:fs';
import { isFault } from '@odograph/kernel/fault';
import type { DecisionHead, EventHead, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { describe, expect, test } from 'vitest';
import {
  decodeEvent,
  encodeConflict,
  encodeEvent,
  encodePayload,
  isKnownKind,
  isNewerThanKnown,
  NEWEST_VERSIONS,
} from './event-catalogue.ts';
import { Event } from './generated/odograph/telemetry/v1/event.ts';

/** The bytes of an event that was written once, and the event that they must always decode to. */
interface Golden {
  readonly type: string;
  readonly version: number;
  /** Hex. */
  readonly payload: string;
  readonly event: VehicleEvent;
}

const folder = new URL('./golden/', import.meta.url);
const golden = readdirSync(folder).map((file) => ({ file, ...readGolden(file) }));

function readGolden(file: string): Golden {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'), (_, value) =>
    typeof value?.hex === 'string' ? Buffer.from(value.hex, 'hex') : value,
  );
}

function onWire(
  encoded: { type: string; version: number; payload: Buffer },
  head: Partial<EventHead | DecisionHead> = {},
): Event {
  const { subject = 'V1', reportId = 'r1', observedAtMs = 1000, receivedAtMs = 2000 } = head;
  const decision = 'commandHash' in head && {
    aggregateVersion: head.aggregateVersion,
    contentHash: Buffer.from(head.commandHash ?? '', 'hex'),
  };
  return Event.create({ ...encoded, subject, reportId, observedAtMs, receivedAtMs, ...decision });
}

function faultOf(event: Event): unknown {
  try {
    decodeEvent(event);
  } catch (error) {
    return error;
  }
  throw new Error('the event was decoded');
}

const head = { subject: 'V1', reportId: 'r1', observedAtMs: 1000, receivedAtMs: 2000 };
const reported: VehicleEvent = {
  type: 'TelemetryReported',
  ...head,
  samples: [{ observedAtMs: 1000, signals: { speed_kmh: 50 } }],
};

describe('the event catalogue', () => {
  test.each(golden)('reads $type version $version as it was written', ({ type, version, payload, event }) => {
    const wire = onWire({ type, version, payload: Buffer.from(payload, 'hex') }, event);
    expect(decodeEvent(wire)).toEqual(event);
  });

  test('has golden bytes of each version of each type', () => {
    const needed = [...NEWEST_VERSIONS].flatMap(([type, newest]) =>
      Array.from({ length: newest }, (_, older) => `${type}.v${older + 1}.json`),
    );
    expect(golden.map(({ file }) => file).sort(), 'add the missing file to golden/').toEqual(needed.sort());
  });

  test.each(golden.filter(({ type, version }) => NEWEST_VERSIONS.get(type) === version))(
    'writes $type so that it is read the same',
    ({ event }) => {
      expect(decodeEvent(onWire(encodePayload(event), event))).toEqual(event);
    },
  );

  test('takes log time for event time if the clock could not be used', () => {
    expect(decodeEvent(onWire(encodePayload(reported), { observedAtMs: 0 })).observedAtMs).toBe(2000);
  });

  test('writes a decision with its version and what was asked for, and without a time of a vehicle', () => {
    const at = { observedAtMs: 2000, receivedAtMs: 2000 };
    const head = { subject: 'V1', reportId: 'd1', ...at, aggregateVersion: 7, commandHash: '00ff' };
    const retired: VehicleEvent = { type: 'VehicleRetired', ...head };
    const wire = encodeEvent(retired);
    expect(wire).toMatchObject({ aggregateVersion: 7, observedAtMs: 0, contentHash: Buffer.from([0, 0xff]) });
    expect(decodeEvent(Event.decode(Event.encode(wire).finish()))).toEqual(retired);
  });

  test('keeps each byte of the event in a conflict', () => {
    const came = Event.create({
      ...onWire(encodePayload(reported)),
      part: 1,
      contentHash: Buffer.alloc(16, 7),
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    const { payload } = encodeConflict(came, { partition: 1, sequence: 2, index: 3 });
    expect(payload.includes(Buffer.from(Event.encode(came).finish()))).toBe(true);
  });
});

describe('an event that cannot be decoded', () => {
  test('is CORRUPT_LOG, by type, version and report', () => {
    const fault = faultOf(
      onWire({ type: 'TelemetryReported', version: 1, payload: Buffer.from('0aff', 'hex') }),
    );
    expect(isFault(fault, 'CORRUPT_LOG')).toBe(true);
    expect(String(fault)).toContain('TelemetryReported version 1, report r1 of V1, cannot be decoded');
    expect(isNewerThanKnown(fault)).toBe(false);
  });

  test.each([
    ['a sample without signals', 'TelemetryReported', '0a020801'],
    ['a quarantined sample without the sample', 'TelemetryQuarantined', '0a020801'],
    ['a conflict with nothing in it', 'TelemetryConflicted', ''],
    ['a parked event without a position', 'ParkedEventDropped', '0a0173'],
    ['a parked event at a whole envelope', 'ParkedEventDropped', '0a017312021005'],
    ['a decision without a version', 'VehicleRetired', ''],
  ])('is %s', (_, type, payload) => {
    expect(
      isFault(faultOf(onWire({ type, version: 1, payload: Buffer.from(payload, 'hex') })), 'CORRUPT_LOG'),
    ).toBe(true);
  });

  test('is one of version 0', () => {
    expect(isFault(faultOf(onWire({ ...encodePayload(reported), version: 0 })), 'CORRUPT_LOG')).toBe(true);
  });

  test('is a conflict inside a conflict, however deep', () => {
    let nested = onWire(
      encodeConflict(onWire(encodePayload(reported)), { partition: 0, sequence: 1, index: 0 }),
    );
    for (let depth = 0; depth < 50; depth += 1) {
      nested = onWire(encodeConflict(nested, { partition: 0, sequence: 1, index: 0 }));
    }
    expect(String(faultOf(nested))).toContain('a conflict holds TelemetryConflicted');
  });
});

describe('an event that only a newer program can decode', () => {
  test.each([
    ['of a newer version', onWire({ ...encodePayload(reported), version: 2 })],
    ['of a type not known yet', onWire({ ...encodePayload(reported), type: 'TripEnded' })],
    [
      'of a type with the name of a member of every object',
      onWire({ ...encodePayload(reported), type: 'constructor' }),
    ],
    [
      'inside a conflict',
      onWire(
        encodeConflict(onWire({ ...encodePayload(reported), version: 2 }), {
          partition: 0,
          sequence: 1,
          index: 0,
        }),
      ),
    ],
  ])('is recognized: %s', (_, event) => {
    const fault = faultOf(event);
    expect(isNewerThanKnown(fault)).toBe(true);
    expect(isFault(fault, 'UNAVAILABLE')).toBe(true);
    expect(String(fault)).toMatch(/(version 2|TripEnded|constructor).* is newer than this program/);
  });

  test.each([0, 1, 7])('is still newer whatever its version is: %i of a type not known yet', (version) => {
    const fault = faultOf(onWire({ ...encodePayload(reported), type: 'TripEnded', version }));
    expect(isNewerThanKnown(fault) && isKnownKind(fault.kind)).toBe(false);
    expect(isNewerThanKnown(fault)).toBe(true);
  });
});
