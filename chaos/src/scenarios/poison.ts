import { randomBytes } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ProjectionsClient } from '@odograph/contracts/generated/odograph/history/v1/projections';
import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { Envelope, type Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { streamSubject } from '@odograph/event-log/nats-subjects';
import { partitionOf } from '@odograph/kernel/partition';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { reportIdentity } from '@odograph/sources/scripted/fleet';
import type { Scenario, Stage } from '../round/stage.ts';

const PARKED_WITHIN_MS = 10_000;
/** A length of 100 bytes, and one of them. */
const BROKEN_PAYLOAD = Buffer.from([0x0a, 100, 0]);

export const poison: Scenario = {
  name: 'poison',
  what: 'an event in the middle of a vehicle cannot be applied: the vehicle waits, all others go on, and a drop frees it',
  weight: 2,
  leaves: ['ParkedEventDropped'],
  async run(stage) {
    const [victim = '', bystander = ''] = stage.vehicleIds;
    // The victim's own status rightly stands still.
    stage.distrustPositions();
    const [endpoint = ''] = stage.cluster.endpoints.histories;
    const vehicles = createGrpcClient(VehicleHistoryClient, endpoint);
    const projections = createGrpcClient(ProjectionsClient, endpoint);
    const isParked = async (vehicleId: string) => {
      return (await callUnary(vehicles.getStatus, { vehicleId })).status?.parkedAt !== undefined;
    };
    await publishPoison(stage, victim);
    await stage.until('a poisoned vehicle is parked', () => isParked(victim), PARKED_WITHIN_MS);
    await stage.wait(stage.random.between(300, 3_000));
    stage.expect('a bystander is not parked', !(await isParked(bystander)), bystander);
    await stage.viewsReachTheLog(PARKED_WITHIN_MS);
    for (const projection of ['status', 'samples']) {
      await callUnary(projections.dropParked, { projection, vehicleId: victim });
    }
    await stage.until('a drop frees the vehicle', async () => !(await isParked(victim)), PARKED_WITHIN_MS);
    vehicles.close();
    projections.close();
  },
};

/** Past the door, which lets no such thing in: as a faulty program would that writes to the stream. */
async function publishPoison(stage: Stage, vehicleId: string): Promise<void> {
  const event: Event = {
    ...{ type: 'TelemetryReported', version: 1, subject: vehicleId, reportId: 'poison', part: 0 },
    ...{ observedAtMs: Date.now(), receivedAtMs: Date.now(), traceparent: '' },
    ...{ contentHash: randomBytes(16), payload: BROKEN_PAYLOAD },
  };
  stage.plant(reportIdentity(vehicleId, event.reportId, event.contentHash));
  const nats = await connect({ servers: stage.cluster.urls.nats });
  try {
    const subject = streamSubject(partitionOf(vehicleId, stage.partitionCount));
    await jetstream(nats).publish(subject, Envelope.encode({ events: [event] }).finish());
  } finally {
    await nats.close();
  }
}
