import {
  type GetRequest,
  type GetResponse,
  type ListRequest,
  type ListResponse,
  VehicleStatusService,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import type { Position } from '@odograph/kernel/position';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import {
  beforeDeadline,
  type CallContext,
  grpcService,
  serverStream,
  unary,
} from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import {
  checkAtLeast,
  checkAtLeastOfEach,
  checkVehicleId,
  pageSizeOf,
} from '@odograph/platform/grpc/request-checks';
import { choiceOf } from '../domain/choice.ts';
import { unknownVehicle } from '../domain/unknown-vehicle.ts';
import { type Following, notReached } from '../statuses/following.ts';
import type { KnownStatus, Statuses } from '../statuses/statuses.ts';
import { agedStatus, bytesOf } from './aged-status.ts';
import { conditionsOf } from './conditions.ts';
import { requireAll, type WatchDeps, watchStream } from './watch-stream.ts';

/** Statuses that are asked for together: the largest have a megabyte. */
const PIECE = 50;

interface StatusDeps extends WatchDeps {
  readonly statuses: Statuses;
  readonly following: Following;
}

/** The latest statuses, over gRPC. */
export function vehicleStatusService(deps: StatusDeps) {
  const { partitionCount, statuses, directory, following } = deps;

  async function get(request: GetRequest, call: CallContext): Promise<GetResponse> {
    const vehicleId = checkVehicleId(request.vehicleId);
    const atLeast = request.atLeast && checkAtLeast(request.atLeast, { partitionCount, vehicleId });
    const known = await statuses.get(vehicleId, { atLeast, openSignal: () => beforeDeadline(call) });
    if (!known) throw unknownVehicle(vehicleId);
    const { status, freshness } = agedStatus(known);
    return { status, freshness, position: known.position };
  }

  async function list(request: ListRequest, call: CallContext): Promise<ListResponse> {
    const conditions = conditionsOf(request.conditions);
    const limit = pageSizeOf(request.pageSize);
    const query = ['statuses', conditions] as const;
    const [after] = decodePageToken(query, request.pageToken) ?? [''];
    if (typeof after !== 'string') throw badToken();
    const atLeast = checkAtLeastOfEach(request.atLeast, partitionCount);
    if (!(await reachAll(following, atLeast, beforeDeadline(call)))) throw notReached(following, atLeast);
    requireAll(deps);
    const positions = Array.from({ length: partitionCount }, (_, partition) =>
      following.positionOf(partition),
    );
    const { signal } = call;
    const { vehicleIds, hasMore } = await directory.page(choiceOf(conditions), { after, limit, signal });
    const { fitting, isCut } = await firstFitting(vehicleIds, signal);
    const last = isCut ? fitting.at(-1)?.vehicleId : vehicleIds.at(-1);
    return {
      statuses: fitting.map(agedStatus),
      nextPageToken: last && (isCut || hasMore) ? encodePageToken(query, [last]) : '',
      positions,
    };
  }

  /** The first statuses that fit into an answer, and whether there are more. Not many more are in memory at a time. */
  async function firstFitting(vehicleIds: readonly string[], signal: AbortSignal) {
    const fitting: KnownStatus[] = [];
    for (let at = 0, bytes = 0; at < vehicleIds.length; at += PIECE) {
      for (const known of await statuses.getMany(vehicleIds.slice(at, at + PIECE), signal)) {
        bytes += bytesOf(known);
        if (bytes > MAX_ANSWER_BYTES && fitting.length > 0) return { fitting, isCut: true };
        fitting.push(known);
      }
    }
    return { fitting, isCut: false };
  }

  return grpcService(VehicleStatusService, {
    get: unary(get),
    list: unary(list),
    watch: serverStream(watchStream(deps), { stays: true }),
  });
}

/** Resolves with whether all positions are followed, when they are, or when the signal is aborted. */
async function reachAll(
  following: Following,
  positions: readonly Position[],
  signal: AbortSignal,
): Promise<boolean> {
  const reached = await Promise.all(positions.map((position) => following.reach(position, signal)));
  return reached.every((isReached) => isReached);
}
