import { REMEMBERED_DECISIONS } from '@odograph/kernel/aggregate';
import { isFault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { RegistrationEvent } from '@odograph/kernel/vehicle-event';
import { deliver, fold } from '@odograph/projections/deliver.fixture';
import { anyEvents, anyRegistrations } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registrationDecider } from './registration.ts';
import { registrationProjection } from './registration-projection.ts';

function decision(aggregateVersion: number, reportId: string, fleet = 'north'): RegistrationEvent {
  const head = { subject: 'V1', reportId, observedAtMs: 5, receivedAtMs: 5 };
  const registration = { ...DEFAULT_REGISTRATION, fleet };
  return { type: 'VehicleRegistered', ...head, aggregateVersion, commandHash: 'ab', registration };
}

const aggregateAfter = (...events: RegistrationEvent[]) => fold(registrationProjection, events).get('');

describe('the registration', () => {
  test('is the fold of the decisions, stored at any time, whatever is delivered again', () => {
    const delivered = anyRegistrations.chain((events) =>
      fc.tuple(fc.constant(events), fc.array(fc.nat(events.length)), fc.nat(events.length)),
    );
    fc.assert(
      fc.property(delivered, ([events, cuts, again]) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), events.length];
        const groups = bounds.slice(1).map((end, at) => events.slice(bounds[at], end));
        const stored = deliver(registrationProjection, [...groups, events.slice(again)]);
        const [body] = stored.get('') ?? [];
        const { registration, isRetired } = events.reduce(
          registrationDecider.evolve,
          registrationDecider.initial,
        );
        expect(body?.['version'] ?? 0).toBe(events.length);
        expect(body?.['isRetired'] ?? false).toBe(isRetired);
        expect(body?.['registration']).toEqual(registration);
        expect(body?.['decisions'] ?? []).toHaveLength(events.length);
      }),
    );
  });

  test('keeps the first decision of a version in the log, and forgets the second', () => {
    const aggregate = aggregateAfter(
      decision(1, 'a', 'north'),
      decision(1, 'b', 'south'),
      decision(2, 'c', 'east'),
    );
    expect(aggregate).toMatchObject({ version: 2, state: { registration: { fleet: 'east' } } });
    expect(aggregate?.decisions.map(({ id, version }) => [id, version])).toEqual([
      ['a', 1],
      ['c', 2],
    ]);
  });

  test('remembers the last decisions by their ids', () => {
    const all = Array.from({ length: REMEMBERED_DECISIONS + 2 }, (_, at) => decision(at + 1, `d${at + 1}`));
    const ids = aggregateAfter(...all)?.decisions.map(({ id }) => id);
    expect(ids).toHaveLength(REMEMBERED_DECISIONS);
    expect([ids?.at(0), ids?.at(-1)]).toEqual(['d3', 'd66']);
  });

  test('goes on after a version that was parked and dropped, and leaves out one that comes after it', () => {
    const aggregate = aggregateAfter(decision(1, 'a'), decision(3, 'c', 'east'), decision(2, 'b', 'south'));
    expect(aggregate).toMatchObject({ version: 3, state: { registration: { fleet: 'east' } } });
    expect(aggregate?.decisions.map(({ version }) => version)).toEqual([1, 3]);
  });

  test('is not changed by reports', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(deliver(registrationProjection, [events]).size).toBe(0);
      }),
    );
  });

  test('cannot be read from a document of another form', () => {
    try {
      registrationProjection.fromDocuments('V1', '', [{ version: 1 }]);
      expect.unreachable();
    } catch (error) {
      expect(isFault(error, 'CORRUPT_LOG')).toBe(true);
    }
  });
});
