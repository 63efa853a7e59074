import { expect, test } from 'vitest';
import {
  CAPABILITIES,
  canonicalRegistration,
  changeOf,
  DEFAULT_REGISTRATION,
  isSameRegistration,
  type Registration,
  registrationFindings,
} from './registration.ts';

test('a registration without a wrong field has no findings', () => {
  const full: Registration = {
    ...{ fleet: 'North.1', model: 'Twizy Z.E.', displayName: 'Grüner Bus 漢', vin: '1M8GDM9AXKP042788' },
    ...{ tags: ['depot:7', 'night-shift'], capabilities: CAPABILITIES, units: 'imperial' },
  };
  expect(registrationFindings(full)).toEqual([]);
  expect(registrationFindings(DEFAULT_REGISTRATION)).toEqual([]);
  expect(registrationFindings({ displayName: '🚌'.repeat(100) })).toEqual([]);
});

test.each<[string, string, Partial<Registration>]>([
  ['fleet', 'INVALID_NAME', { fleet: 'north east' }],
  ['fleet', 'INVALID_NAME', { fleet: 'n'.repeat(65) }],
  ['model', 'TOO_LONG', { model: 'm'.repeat(101) }],
  ['model', 'INVALID_TEXT', { model: 'two\nlines' }],
  ['display_name', 'INVALID_TEXT', { displayName: ' Bus' }],
  ['display_name', 'INVALID_TEXT', { displayName: 'Bus ' }],
  ['tags', 'TOO_MANY', { tags: Array.from({ length: 33 }, (_, at) => `t${at}`) }],
  ['tags', 'TOO_MANY', { tags: Array.from({ length: 500_000 }, () => '') }],
  ['capabilities', 'TOO_MANY', { capabilities: Array.from({ length: 33 }, () => 'fly') }],
  ['model', 'TOO_LONG', { model: '漢'.repeat(101) }],
  ['display_name', 'TOO_LONG', { displayName: 'd'.repeat(1_000_000) }],
  ['tags[1]', 'INVALID_TAG', { tags: ['good', 'Depot'] }],
  ['tags[0]', 'INVALID_TAG', { tags: [''] }],
  ['capabilities[1]', 'UNKNOWN_CAPABILITY', { capabilities: ['horn', 'fly'] }],
  ['vin', 'INVALID_VIN', { vin: '1M8GDM9AXKP04278I' }],
])('a wrong %s is a finding: %s', (field, reason, registration) => {
  expect(registrationFindings(registration)).toMatchObject([{ field, reason }]);
});

test('a VIN with a wrong check digit is accepted, because many markets have none', () => {
  expect(registrationFindings({ vin: '1M8GDM9A0KP042788' })).toEqual([]);
});

test('the canonical form has a fleet, and each name once, in order', () => {
  const given = {
    ...DEFAULT_REGISTRATION,
    fleet: '',
    tags: ['b', 'a', 'b'],
    capabilities: ['horn', 'climate'],
  };
  expect(canonicalRegistration(given)).toEqual({
    ...DEFAULT_REGISTRATION,
    ...{ tags: ['a', 'b'], capabilities: ['climate', 'horn'] },
  });
});

test('two registrations are the same if each field is', () => {
  const bus = { ...DEFAULT_REGISTRATION, tags: ['a'] };
  expect(isSameRegistration(bus, { ...bus, tags: ['a'] })).toBe(true);
  expect(isSameRegistration(bus, { ...bus, tags: ['a', 'b'] })).toBe(false);
  expect(isSameRegistration(bus, { ...bus, units: 'imperial' })).toBe(false);
});

test('a change has the fields that are given, also empty ones', () => {
  const none = { fleet: undefined, model: undefined, vin: undefined, units: undefined };
  const given = { displayName: '', tags: [], capabilities: undefined };
  expect(changeOf({ ...none, ...given })).toStrictEqual({ displayName: '', tags: [] });
});
