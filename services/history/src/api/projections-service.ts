import {
  type ParkedEvent,
  ProjectionsService,
} from '@odograph/contracts/generated/odograph/history/v1/projections';
import type { DecisionQuota } from '@odograph/decisions/decision-quota';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import { type CallContext, grpcService, unary } from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import { checkVehicleId, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import type { createReleaseParked, ReleaseParked } from '../commands/parked.ts';
import type { ParkedEntry, ParkedList } from './parked-list.ts';

interface ProjectionsDeps {
  readonly parkedList: ParkedList;
  readonly decisions: DecisionQuota;
  readonly releaseParked: ReturnType<typeof createReleaseParked>;
}

const LIST = ['parked'] as const;

export function projectionsService({ parkedList, decisions, releaseParked }: ProjectionsDeps) {
  const release = (type: ReleaseParked['type']) =>
    unary(async ({ projection, vehicleId }: Omit<ReleaseParked, 'type'>, context: CallContext) => {
      const command = { type, projection, vehicleId: checkVehicleId(vehicleId) };
      decisions.admit(context.client);
      return { position: await releaseParked(command, context) };
    });

  return grpcService(ProjectionsService, {
    listParked: unary(async ({ pageSize, pageToken }, { signal }) => {
      const limit = pageSizeOf(pageSize);
      const token = decodePageToken(LIST, pageToken);
      const [after] = token ?? [''];
      if (typeof after !== 'string') throw badToken();
      const entries = await (token ? parkedList.recent(signal) : parkedList.next(signal));
      const following = entries.filter(({ key }) => key > after);
      const page = following.slice(0, limit).map(toWire);
      const parked = page.slice(0, countFitting(page, bytesOf));
      const last = following[parked.length - 1];
      const hasMore = last !== undefined && following.length > parked.length;
      return { parked, nextPageToken: hasMore ? encodePageToken(LIST, [last.key]) : '' };
    }),
    retryParked: release('ParkedEventRetried'),
    dropParked: release('ParkedEventDropped'),
  });
}

function toWire({ parked: { projection, subject, position, reason } }: ParkedEntry): ParkedEvent {
  return { projection, vehicleId: subject, position, reason };
}

/** With room for heads and a position. */
function bytesOf({ projection, vehicleId, reason }: ParkedEvent): number {
  return 3 * (projection.length + vehicleId.length + reason.length) + 50;
}
