import { ProjectionsClient } from '@odograph/contracts/generated/odograph/history/v1/projections';
import {
  type RecordedSample,
  VehicleHistoryClient,
  type VehicleStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';

/** Queries one replica of history. Its methods throw Faults. */
export interface HistoryClient extends Disposable {
  /** Undefined if the vehicle is not known. */
  status(
    vehicleId: string,
    options?: { readonly atLeast?: Position; readonly deadlineMs?: number },
  ): Promise<VehicleStatus | undefined>;
  /** All samples of a vehicle. */
  samples(vehicleId: string): Promise<readonly RecordedSample[]>;
  /** Resolves when the views include these positions. */
  reach(positions: readonly Position[], deadlineMs?: number): Promise<void>;
  /** Drops the parked event of a vehicle. */
  dropParked(projection: string, vehicleId: string): Promise<void>;
}

const PAGE_SIZE = 1_000;

export function connectHistory(endpoint: string): HistoryClient {
  const vehicles = createGrpcClient(VehicleHistoryClient, endpoint);
  const projections = createGrpcClient(ProjectionsClient, endpoint);
  return {
    async status(vehicleId, { atLeast, ...settings } = {}) {
      try {
        return (await callUnary(vehicles.getStatus, { vehicleId, atLeast }, settings)).status;
      } catch (error) {
        if (isFault(error, 'NOT_FOUND')) return undefined;
        throw error;
      }
    },
    async samples(vehicleId) {
      const samples: RecordedSample[] = [];
      let pageToken = '';
      do {
        const page = await callUnary(vehicles.listSamples, {
          ...{ vehicleId, fromMs: 0, toMs: 0, signals: [], withTotal: false },
          ...{ pageSize: PAGE_SIZE, pageToken },
        });
        samples.push(...page.samples);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return samples;
    },
    async reach(positions, deadlineMs) {
      const request = { fleet: '', pageSize: 1, pageToken: '', atLeast: [...positions] };
      await callUnary(vehicles.listStatus, request, deadlineMs === undefined ? {} : { deadlineMs });
    },
    async dropParked(projection, vehicleId) {
      await callUnary(projections.dropParked, { projection, vehicleId });
    },
    [Symbol.dispose]() {
      vehicles.close();
      projections.close();
    },
  };
}
