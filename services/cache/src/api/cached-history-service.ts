import {
  CachedHistoryService,
  type GetSeriesRequest,
  type GetSeriesResponse,
  type GetVehicleRequest,
  type GetVehicleResponse,
  type ListSamplesRequest,
  type ListSamplesResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/cached_history';
import { type CallContext, grpcService, unary } from '@odograph/platform/grpc/handler';
import { invalid } from '@odograph/platform/grpc/request-checks';
import { pointsOf } from '../calls/read-series.ts';
import type { CachedReads } from '../calls/reads.ts';
import { freshnessOf } from './aged-status.ts';

/** Reads of history whose answers are kept, over gRPC. */
export function cachedHistoryService({ listSamples, series, vehicle }: CachedReads) {
  async function samples({ query }: ListSamplesRequest, call: CallContext): Promise<ListSamplesResponse> {
    const { response, position, ...how } = await listSamples(required(query), call);
    return { page: { ...response, position }, freshness: freshnessOf(how) };
  }

  async function getSeries(request: GetSeriesRequest, call: CallContext): Promise<GetSeriesResponse> {
    const { response, position, ...how } = await series(
      { ...request, points: pointsOf(request.points) },
      call,
    );
    return { ...response, position, freshness: freshnessOf(how) };
  }

  async function getVehicle({ query }: GetVehicleRequest, call: CallContext): Promise<GetVehicleResponse> {
    const { response, position, ...how } = await vehicle(required(query), call);
    return { found: { ...response, position }, freshness: freshnessOf(how) };
  }

  return grpcService(CachedHistoryService, {
    listSamples: unary(samples),
    getSeries: unary(getSeries),
    getVehicle: unary(getVehicle),
  });
}

function required<Query>(query: Query | undefined): Query {
  if (query !== undefined) return query;
  throw invalid('query', 'REQUIRED', 'must be what history is asked for');
}
