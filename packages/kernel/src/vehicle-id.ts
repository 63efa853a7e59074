export const VEHICLE_ID_MAX_LENGTH = 64;
const VEHICLE_ID = new RegExp(`^[A-Za-z0-9._:-]{1,${VEHICLE_ID_MAX_LENGTH}}$`);

/** The rule for vehicle ids, for error messages. */
export const VEHICLE_ID_RULE = `1 to ${VEHICLE_ID_MAX_LENGTH} characters of A-Z a-z 0-9 . _ : -`;

/** Whether a vehicle id is well-formed. It is often the VIN, but no code relies on that. */
export function isVehicleId(id: string): boolean {
  return VEHICLE_ID.test(id);
}
