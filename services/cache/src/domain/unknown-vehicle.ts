import { Fault } from '@odograph/kernel/fault';

/** What a caller gets who asks for a vehicle of which the log has nothing. */
export function unknownVehicle(vehicleId: string): Fault {
  return new Fault('NOT_FOUND', `vehicle ${vehicleId} has never reported and is not registered`);
}
