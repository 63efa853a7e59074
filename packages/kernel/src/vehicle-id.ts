const VEHICLE_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** What a vehicle id may be, in words, for the messages that refuse one. */
export const VEHICLE_ID_RULE = '1 to 64 characters of A-Z a-z 0-9 . _ : -';

/** Whether a vehicle id is well-formed. It is opaque: usually the VIN, but nothing reads it as one. */
export function isVehicleId(id: string): boolean {
  return VEHICLE_ID.test(id);
}
