import { VehicleHistoryService } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { grpcService, unary } from '@odograph/platform/grpc-handler';
import type { RunOnMongo } from './run-on-mongo.ts';
import { type SampleParts, sampleQueries } from './sample-queries.ts';
import { type StatusParts, statusQueries } from './status-queries.ts';

/** What is known of vehicles, over gRPC. */
export function vehicleHistoryService({
  run,
  ...parts
}: StatusParts & SampleParts & { readonly run: RunOnMongo }) {
  const { getStatus, listStatus } = statusQueries(parts);
  const { listSamples } = sampleQueries(parts);
  return grpcService(VehicleHistoryService, {
    getStatus: unary((request, context) => run(() => getStatus(request, context))),
    listStatus: unary((request, context) => run(() => listStatus(request, context))),
    listSamples: unary((request, context) => run(() => listSamples(request, context))),
  });
}
