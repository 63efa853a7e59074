import {
  type ParkedEvent,
  ProjectionsService,
} from '@odograph/contracts/generated/odograph/history/v1/projections';
import { type CallContext, grpcService, unary } from '@odograph/platform/grpc/handler';
import type { createReleaseParked, ReleaseParked } from '../commands/parked.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { Views } from '../views/views.ts';
import { countFitting } from './answer-bytes.ts';
import { badToken, decodePageToken, encodePageToken } from './page-token.ts';
import { checkVehicleId, pageSizeOf } from './request-checks.ts';

interface ProjectionsDeps {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'checkpoints' | 'flushNow'>;
  readonly releaseParked: ReturnType<typeof createReleaseParked>;
}

const LIST = ['parked'] as const;

export function projectionsService({ partitionCount, views, releaseParked }: ProjectionsDeps) {
  /** Parked events are stored with the checkpoint, so the partitions that this process owns are flushed first. */
  async function allParked(): Promise<Parked[]> {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    const checkpoints = await Promise.all(
      partitions.map(async (partition) => {
        await views.flushNow(partition);
        return views.checkpoints.read(partition);
      }),
    );
    const parked = checkpoints.flatMap((byName) => [...byName.values()].flatMap((stored) => stored.parked));
    return parked.sort((a, b) => compareText(keyOf(a), keyOf(b)));
  }

  const release = (type: ReleaseParked['type']) =>
    unary(async ({ projection, vehicleId }: Omit<ReleaseParked, 'type'>, context: CallContext) => {
      const command = { type, projection, vehicleId: checkVehicleId(vehicleId) };
      return { position: await releaseParked(command, context) };
    });

  return grpcService(ProjectionsService, {
    listParked: unary(async ({ pageSize, pageToken }) => {
      const limit = pageSizeOf(pageSize);
      const [after] = decodePageToken(LIST, pageToken) ?? [''];
      if (typeof after !== 'string') throw badToken();
      const following = (await allParked()).filter((entry) => keyOf(entry) > after);
      const page = following.slice(0, limit).map(toWire);
      const parked = page.slice(0, countFitting(page, bytesOf));
      const last = following[parked.length - 1];
      const hasMore = last !== undefined && following.length > parked.length;
      return { parked, nextPageToken: hasMore ? encodePageToken(LIST, [keyOf(last)]) : '' };
    }),
    retryParked: release('ParkedEventRetried'),
    dropParked: release('ParkedEventDropped'),
  });
}

function toWire({ projection, subject, position, reason }: Parked): ParkedEvent {
  return { projection, vehicleId: subject, position, reason };
}

/** With room for heads and a position. */
function bytesOf({ projection, vehicleId, reason }: ParkedEvent): number {
  return 3 * (projection.length + vehicleId.length + reason.length) + 50;
}

const keyOf = ({ projection, subject }: Parked): string => `${projection}\n${subject}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
