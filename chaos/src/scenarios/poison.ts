import { randomBytes } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { streamSubject } from '@odograph/event-log/nats-subjects';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { partitionOf } from '@odograph/kernel/partition';
import { reportIdentity } from '@odograph/sources/fleet/fleet-report';
import { connectHistory, statusOf } from '../client/history.ts';
import { withNats } from '../client/with-nats.ts';
import type { Round, Scenario } from '../round/round.ts';

const PARKED_WITHIN_MS = 10_000;
/** A field with a length of 100 bytes, and only one of them. */
const BROKEN_PAYLOAD = Buffer.from([0x0a, 100, 0]);

export const poison: Scenario = {
  name: 'poison',
  description:
    'an event of a vehicle cannot be applied: it parks that vehicle, all others continue, and a drop frees it',
  weight: 2,
  allowedEvents: ['ParkedEventDropped'],
  async run(round) {
    const [victim = '', other = ''] = round.vehicleIds;
    // The status of the parked vehicle does not change, so queries would not find its reports.
    round.stopQueries();
    const [endpoint = ''] = round.cluster.endpoints.histories;
    using history = connectHistory(endpoint);
    const hasStatus = async (vehicleId: string) => Boolean(await statusOf(history, vehicleId));
    const isParked = async (vehicleId: string) =>
      (await statusOf(history, vehicleId))?.parkedAt !== undefined;
    const bothHaveStatus = async () => (await hasStatus(victim)) && (await hasStatus(other));
    await round.until('both vehicles have a status', bothHaveStatus, PARKED_WITHIN_MS);
    await publishPoison(round, victim);
    await round.until('a poisoned vehicle is parked', () => isParked(victim), PARKED_WITHIN_MS);
    await round.wait(round.random.between(300, 3_000));
    round.expect('another vehicle is not parked', !(await isParked(other)), other);
    await round.expectViewsReachLog(PARKED_WITHIN_MS);
    for (const projection of ['status', 'samples', 'registration']) {
      await history.dropParked(projection, victim);
    }
    await round.until('a drop frees the vehicle', async () => !(await isParked(victim)), PARKED_WITHIN_MS);
  },
};

/** Writes to the stream directly, as a faulty program would: ingest accepts no such event. */
async function publishPoison(round: Round, vehicleId: string): Promise<void> {
  const event: Event = {
    ...{ type: 'TelemetryReported', version: 1, subject: vehicleId, reportId: 'poison', part: 0 },
    ...{ observedAtMs: Date.now(), receivedAtMs: Date.now(), traceparent: '' },
    ...{ contentHash: randomBytes(16), payload: BROKEN_PAYLOAD },
  };
  round.excludeEvent(reportIdentity(vehicleId, event.reportId, event.contentHash));
  const subject = streamSubject(partitionOf(vehicleId, round.partitionCount));
  const envelope = packEnvelope([encodeEnvelopeEntry(event)]);
  await withNats(round.cluster.urls.nats, (nats) => jetstream(nats).publish(subject, envelope));
}
