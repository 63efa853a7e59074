import { randomUUID } from 'node:crypto';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { ProjectionsService } from '@odograph/contracts/generated/odograph/history/v1/projections';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { type CallContext, grpcService, unary } from '@odograph/platform/grpc/handler';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { Views } from '../views/views.ts';
import { badToken, decodePageToken, encodePageToken } from './page-token.ts';
import { checkVehicleId, pageSizeOf } from './request-checks.ts';

export interface ProjectionsParts {
  readonly partitionCount: number;
  readonly models: readonly ReadModel<unknown>[];
  readonly views: Pick<Views, 'checkpoints' | 'flushNow' | 'reader'>;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

type Decision = 'ParkedEventRetried' | 'ParkedEventDropped';
type Target = { readonly projection: string; readonly vehicleId: string };

const LIST = 'parked';

export function projectionsService({ partitionCount, models, views, publisher, clock }: ProjectionsParts) {
  /** What is parked is stored with the checkpoint; where this process owns it, that is brought up to now first. */
  async function allParked(): Promise<Parked[]> {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    const checkpoints = await Promise.all(
      partitions.map(async (partition) => {
        await views.flushNow(partition);
        return views.checkpoints.read(partition);
      }),
    );
    return checkpoints.flatMap(({ parked }) => parked).sort((a, b) => compareText(keyOf(a), keyOf(b)));
  }

  /** A decision about a parked event is an event of its vehicle: whoever computes the views from the log sees it. */
  async function decide(type: Decision, target: Target, { deadlineAtMs, signal, traceparent }: CallContext) {
    const { projection, vehicleId } = target;
    const model = models.find((candidate) => candidate.projection.name === projection);
    const parked = model && (await views.reader.parkedOf(model, checkVehicleId(vehicleId)));
    if (!parked) throw new Fault('NOT_FOUND', `nothing of ${vehicleId} is parked in ${projection}`);
    const nowMs = clock.now();
    const head = {
      subject: vehicleId,
      reportId: `${type}:${randomUUID()}`,
      observedAtMs: nowMs,
      receivedAtMs: nowMs,
    };
    const event = encodeEvent({ ...head, type, projection, position: parked.position }, { traceparent });
    // To the vehicle's partition, past the gate for telemetry: a nearly full stream still takes decisions.
    const at = await publisher.appendTo(partitionOf(vehicleId, partitionCount), [event], deadlineAtMs);
    await views.reader.reach(at, signal);
    return { position: at };
  }

  return grpcService(ProjectionsService, {
    listParked: unary(async ({ pageSize, pageToken }) => {
      const limit = pageSizeOf(pageSize);
      const [after] = decodePageToken(LIST, pageToken) ?? [''];
      if (typeof after !== 'string') throw badToken();
      const following = (await allParked()).filter((entry) => keyOf(entry) > after);
      const page = following.slice(0, limit);
      const last = page.at(-1);
      return {
        parked: page.map(({ projection, subject, position, reason }) => ({
          projection,
          vehicleId: subject,
          position,
          reason,
        })),
        nextPageToken: last && following.length > limit ? encodePageToken(LIST, [keyOf(last)]) : '',
      };
    }),
    retryParked: unary((request, context) => decide('ParkedEventRetried', request, context)),
    dropParked: unary((request, context) => decide('ParkedEventDropped', request, context)),
  });
}

const keyOf = ({ projection, subject }: Parked): string => `${projection}\n${subject}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
