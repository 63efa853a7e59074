import type { Finding } from './finding.ts';
import { isVin, VIN_RULE } from './vin.ts';

/** The units in which values are shown to people. */
export type UnitSystem = 'metric' | 'imperial';

/** What people say about a vehicle. A text is empty if it is not set. */
export interface Registration {
  readonly fleet: string;
  readonly model: string;
  readonly displayName: string;
  /** Sorted, each once. */
  readonly tags: readonly string[];
  /** Sorted, each once. Names of {@link CAPABILITIES}, or of those that a newer program knows. */
  readonly capabilities: readonly string[];
  readonly vin: string;
  readonly units: UnitSystem;
}

/** The registration of a vehicle that has only reported. */
export const DEFAULT_REGISTRATION: Registration = {
  ...{ fleet: 'default', model: '', displayName: '', tags: [], capabilities: [], vin: '', units: 'metric' },
};

/** What a vehicle can be asked to do: the commands of the usual makers' APIs. */
export const CAPABILITIES: readonly string[] = [
  ...['buzzer', 'charging', 'climate', 'door_lock', 'engine_start', 'find_vehicle', 'hazard_lights'],
  ...['headlights', 'horn', 'power_windows', 'trunk_lock', 'ventilation'],
];

/** Of a list how many names, of a text how many characters. */
export const REGISTRATION_LIMITS = { fleet: 64, text: 100, tags: 32, tag: 32, capabilities: 32 };
const FLEET = new RegExp(`^[A-Za-z0-9._:-]{1,${REGISTRATION_LIMITS.fleet}}$`);
const TAG = new RegExp(`^[a-z0-9][a-z0-9._:-]{0,${REGISTRATION_LIMITS.tag - 1}}$`);
/** No control characters, and no space at either end. */
const TEXT = /^(?!\s)[^\p{Cc}\p{Zl}\p{Zp}]*(?<!\s)$/u;

/** The registration in the one form in which equal ones are equal: lists sorted, each name once, a fleet always. */
export function canonicalRegistration(registration: Registration): Registration {
  const { fleet, tags, capabilities } = registration;
  return {
    ...registration,
    fleet: fleet === '' ? DEFAULT_REGISTRATION.fleet : fleet,
    tags: [...new Set(tags)].sort(),
    capabilities: [...new Set(capabilities)].sort(),
  };
}

/** Of two registrations in the canonical form. */
export function isSameRegistration(a: Registration, b: Registration): boolean {
  return NAMES.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}

/** Every field, and its value if it is to be changed. A new field does not compile until each caller has it. */
type PossibleChange = { readonly [Name in keyof Registration]: Registration[Name] | undefined };

/** Only the fields that have a value. */
export function changeOf(fields: PossibleChange): Partial<Registration> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** What is wrong with the fields of a registration that a person or a program asks for; empty if nothing is. */
export function registrationFindings(registration: Partial<Registration>): readonly Finding[] {
  const findingsOf = <Name extends keyof Registration>(name: Name): readonly Finding[] => {
    const value: Registration[Name] | undefined = registration[name];
    return value === undefined ? [] : CHECKS[name](value);
  };
  return NAMES.flatMap((name) => findingsOf(name));
}

type Checks = { readonly [Name in keyof Registration]: (value: Registration[Name]) => readonly Finding[] };

const CHECKS: Checks = {
  fleet: (fleet) =>
    when(fleet !== '' && !FLEET.test(fleet), {
      ...{ field: 'fleet', reason: 'INVALID_NAME' },
      description: `must be 1 to ${REGISTRATION_LIMITS.fleet} characters of A-Z a-z 0-9 . _ : -`,
    }),
  model: (model) => textFindings('model', model),
  displayName: (displayName) => textFindings('display_name', displayName),
  tags: (tags) =>
    listFindings('tags', tags, REGISTRATION_LIMITS.tags, (tag, field) =>
      when(!TAG.test(tag), {
        ...{ field, reason: 'INVALID_TAG' },
        description: `is ${quoted(tag)}, but must be 1 to ${REGISTRATION_LIMITS.tag} characters of a-z 0-9 . _ : -, and begin with a letter or a digit`,
      }),
    ),
  capabilities: (capabilities) =>
    listFindings('capabilities', capabilities, REGISTRATION_LIMITS.capabilities, (name, field) =>
      when(!CAPABILITIES.includes(name), {
        ...{ field, reason: 'UNKNOWN_CAPABILITY' },
        description: `is ${quoted(name)}, but must be one of ${CAPABILITIES.join(', ')}`,
      }),
    ),
  vin: (vin) =>
    when(vin !== '' && !isVin(vin), {
      ...{ field: 'vin', reason: 'INVALID_VIN' },
      description: `is ${quoted(vin)}, but must be ${VIN_RULE}`,
    }),
  units: () => [],
};

const NAMES = Object.keys(CHECKS) as readonly (keyof Registration)[];

/** The names of a list that is too long are not looked at. */
function listFindings(
  field: string,
  names: readonly string[],
  max: number,
  findingsOf: (name: string, field: string) => readonly Finding[],
): readonly Finding[] {
  if (names.length <= max) return names.flatMap((name, at) => findingsOf(name, `${field}[${at}]`));
  return [
    { field, reason: 'TOO_MANY', description: `has ${names.length} names, at most ${max} are allowed` },
  ];
}

function textFindings(field: string, text: string): readonly Finding[] {
  if (isLongerThan(text, REGISTRATION_LIMITS.text)) {
    return [
      { field, reason: 'TOO_LONG', description: `has more than ${REGISTRATION_LIMITS.text} characters` },
    ];
  }
  return when(!TEXT.test(text), {
    ...{ field, reason: 'INVALID_TEXT' },
    description: 'must not have control characters or line breaks, nor a space at its start or end',
  });
}

/** In code points. A text of more than twice as many UTF-16 units is not counted. */
function isLongerThan(text: string, max: number): boolean {
  return text.length > 2 * max || [...text].length > max;
}

const when = (isWrong: boolean, finding: Finding): readonly Finding[] => (isWrong ? [finding] : []);

/** Long enough to recognize the value, short enough for a message. */
const quoted = (text: string): string => JSON.stringify(text.slice(0, 40));
