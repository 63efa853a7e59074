import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { signalsToDomain } from '@odograph/contracts/signals';
import type { Sample } from '@odograph/kernel/signal';
import type { Fleet } from '@odograph/sources/fleet/fleet';

/** The next report of a vehicle, as an event has it. */
export function decodedSamples(
  fleet: Fleet,
  vehicle: number,
): { vehicleId: string; samples: readonly Sample[] } {
  const { vehicleId, samples } = VehicleReport.decode(fleet.next(vehicle).bytes);
  return {
    vehicleId,
    samples: samples.map(({ observedAtMs, signals }) => ({
      observedAtMs,
      signals: signalsToDomain(signals ?? { others: {} }),
    })),
  };
}
