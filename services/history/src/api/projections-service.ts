import { randomUUID } from 'node:crypto';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import { ProjectionsService } from '@odograph/contracts/generated/odograph/history/v1/projections';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { type CallContext, grpcService, unary } from '@odograph/platform/grpc-handler';
import type { Parked } from '../views/checkpoints.ts';
import type { Views } from '../views/views.ts';
import { badToken, decodePageToken, encodePageToken, pageSizeOf } from './paging.ts';
import type { RunOnMongo } from './run-on-mongo.ts';

export interface ProjectionsParts {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'checkpoints' | 'flushNow' | 'reader'>;
  readonly run: RunOnMongo;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

type Decision = 'ParkedEventRetried' | 'ParkedEventDropped';
type Target = { readonly projection: string; readonly vehicleId: string };

const LIST = 'parked';

export function projectionsService({ partitionCount, views, run, publisher, clock }: ProjectionsParts) {
  /** What is parked is stored with the checkpoint, so that is brought up to now first. */
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
    const parked = (await run(allParked)).find((entry) => isTarget(entry, target));
    if (!parked) {
      throw new Fault('NOT_FOUND', `nothing of ${target.vehicleId} is parked in ${target.projection}`);
    }
    const nowMs = clock.now();
    const head = {
      subject: target.vehicleId,
      reportId: `${type}:${randomUUID()}`,
      observedAtMs: nowMs,
      receivedAtMs: nowMs,
    };
    const { projection, position } = parked;
    const event = Event.create({
      ...head,
      ...encodePayload({ ...head, type, projection, position }),
      contentHash: Buffer.alloc(16),
      traceparent,
    });
    const at = await publisher.append([event], deadlineAtMs);
    await views.reader.reach(at, signal);
    return { position: at };
  }

  return grpcService(ProjectionsService, {
    listParked: unary(async ({ pageSize, pageToken }) => {
      const limit = pageSizeOf(pageSize);
      const [after] = decodePageToken(LIST, pageToken) ?? [''];
      if (typeof after !== 'string') throw badToken();
      const following = (await run(allParked)).filter((entry) => keyOf(entry) > after);
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

const isTarget = ({ projection, subject }: Parked, target: Target): boolean =>
  projection === target.projection && subject === target.vehicleId;

const keyOf = ({ projection, subject }: Parked): string => `${projection}\n${subject}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
