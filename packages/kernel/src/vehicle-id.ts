const VEHICLE_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** The rule for vehicle ids, for error messages. */
export const VEHICLE_ID_RULE = '1 to 64 characters of A-Z a-z 0-9 . _ : -';

/** Whether a vehicle id is well-formed. It is often the VIN, but no code relies on that. */
export function isVehicleId(id: string): boolean {
  return VEHICLE_ID.test(id);
}
