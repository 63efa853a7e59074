import { DEFAULT_REGISTRATION, type Registration } from '@odograph/kernel/registration';
import { given } from '@odograph/testing/given';
import { describe, test } from 'vitest';
import { type RegistrationFact, registrationDecider } from './registration.ts';

const BUS: Registration = {
  ...{ fleet: 'north', model: 'Citaro', displayName: 'Bus 7', vin: '1M8GDM9AXKP042788' },
  ...{ tags: ['depot:7', 'night'], capabilities: ['door_lock', 'horn'], units: 'metric' },
};
const registered: RegistrationFact = { type: 'VehicleRegistered', registration: BUS };
const retired: RegistrationFact = { type: 'VehicleRetired' };

const register = (registration: Registration) => ({ type: 'RegisterVehicle', registration }) as const;
const update = (change: Partial<Registration>) => ({ type: 'UpdateVehicle', change }) as const;
const retire = { type: 'RetireVehicle' } as const;

const vehicle = (...events: readonly RegistrationFact[]) => given(registrationDecider, events);

describe('to register', () => {
  test('a vehicle that is not registered registers it', () => {
    vehicle().when(register(BUS)).thenEvent(registered);
  });

  test('without a fleet, and with names given twice in any order, keeps the canonical form', () => {
    vehicle()
      .when(register({ ...BUS, fleet: '', tags: ['night', 'depot:7', 'night'] }))
      .thenEvent({ ...registered, registration: { ...BUS, fleet: 'default' } });
  });

  test('a registered vehicle is refused', () => {
    vehicle(registered)
      .when(register(BUS))
      .thenRejected({
        rejected: 'RULE_VIOLATED',
        findings: [{ field: 'vehicle_id', reason: 'ALREADY_REGISTERED' }],
      });
  });

  test('a retired vehicle registers it again', () => {
    vehicle(registered, retired).when(register(BUS)).thenEvent(registered);
  });

  test('with wrong values names each field', () => {
    vehicle()
      .when(register({ ...BUS, vin: 'NO', tags: ['ok', 'Not Ok'], capabilities: ['fly'] }))
      .thenRejected({
        rejected: 'INVALID_INPUT',
        findings: [{ field: 'tags[1]' }, { field: 'capabilities[0]' }, { field: 'vin' }],
      });
  });
});

describe('to update', () => {
  test('changes only the fields that the change has', () => {
    vehicle(registered)
      .when(update({ displayName: '', tags: ['day'], units: 'imperial' }))
      .thenEvent({
        type: 'VehicleUpdated',
        registration: { ...BUS, displayName: '', tags: ['day'], units: 'imperial' },
      });
  });

  test('a vehicle that has only reported registers it, also with the values that it has by default', () => {
    vehicle()
      .when(update({ fleet: 'default' }))
      .thenEvent({ type: 'VehicleRegistered', registration: DEFAULT_REGISTRATION });
  });

  test('with the values that the vehicle has already is refused, in whatever order they are given', () => {
    vehicle(registered)
      .when(update({ model: 'Citaro', tags: ['night', 'depot:7'] }))
      .thenRejected({ rejected: 'RULE_VIOLATED', findings: [{ field: '', reason: 'NO_CHANGE' }] });
  });

  test('with a wrong value names the field, and not those that do not change', () => {
    const written = { ...registered, registration: { ...BUS, capabilities: ['hover'] } };
    vehicle(written)
      .when(update({ fleet: 'no such fleet!' }))
      .thenRejected({ rejected: 'INVALID_INPUT', findings: [{ field: 'fleet' }] });
    vehicle(written)
      .when(update({ fleet: 'south' }))
      .thenEvent({ type: 'VehicleUpdated', registration: { ...written.registration, fleet: 'south' } });
  });

  test('a retired vehicle is refused', () => {
    vehicle(registered, retired)
      .when(update({ fleet: 'south' }))
      .thenRejected({ rejected: 'RULE_VIOLATED', findings: [{ field: 'vehicle_id', reason: 'RETIRED' }] });
  });
});

describe('to retire', () => {
  test('a registered vehicle retires it', () => {
    vehicle(registered).when(retire).thenEvent(retired);
  });

  test('a vehicle that has only reported retires it', () => {
    vehicle().when(retire).thenEvent(retired);
  });

  test('a retired vehicle is refused', () => {
    vehicle(registered, retired)
      .when(retire)
      .thenRejected({ rejected: 'RULE_VIOLATED', findings: [{ field: 'vehicle_id', reason: 'RETIRED' }] });
  });

  test('a vehicle that was registered again retires it again', () => {
    vehicle(registered, retired, registered).when(retire).thenEvent(retired);
  });
});
