import { type Aggregate, applyDecision } from '@odograph/kernel/aggregate';
import type { DocumentBody, Projection, SliceChange } from '@odograph/kernel/projection';
import type { Registration } from '@odograph/kernel/registration';
import { registrationIn } from '@odograph/kernel/vehicle-event';
import { corruptDocument } from '@odograph/projections/corrupt-document';
import { type RegistrationState, registrationDecider } from './registration.ts';

export type RegistrationAggregate = Aggregate<RegistrationState>;

/**
 * What the next decision about a vehicle's registration is decided on, so that it does not read the log. One slice a
 * vehicle, one document a slice. Reports do not change it.
 */
export const registrationProjection: Projection<RegistrationAggregate> = {
  name: 'registration',
  version: 1,
  read(event, position) {
    const decision = registrationIn(event);
    if (!decision) return NO_CHANGE;
    return {
      keys: [''],
      applyTo(aggregate) {
        applyDecision(aggregate, { event: decision, position }, registrationDecider.evolve);
      },
    };
  },
  initial: () => ({ version: 0, state: registrationDecider.initial, decisions: [] }),
  copy: (aggregate) => ({ ...aggregate }),
  toDocuments: (aggregate) => (aggregate.version === 0 ? [] : [toDocument(aggregate)]),
  fromDocuments: (subject, key, [document]) =>
    document === undefined ? registrationProjection.initial(subject, key) : fromDocument(document),
};

const NO_CHANGE: SliceChange<RegistrationAggregate> = { keys: [], applyTo: () => undefined };

type RegistrationDocument = {
  readonly version: number;
  readonly registration?: Registration;
  readonly isRetired: boolean;
  readonly decisions: readonly DecisionEntry[];
};

/** Id, version, partition, sequence and index of a decision, and the hash of what was asked for. */
type DecisionEntry = {
  readonly d: string;
  readonly v: number;
  readonly p: number;
  readonly s: number;
  readonly i: number;
  readonly h: string;
};

function toDocument({ version, state, decisions }: RegistrationAggregate): RegistrationDocument {
  return {
    version,
    ...(state.registration && { registration: state.registration }),
    isRetired: state.isRetired,
    decisions: decisions.map(({ id, version: v, position, commandHash }) => {
      const { partition, sequence, index } = position;
      return { d: id, v, p: partition, s: sequence, i: index, h: commandHash };
    }),
  };
}

/** @throws {Fault} CORRUPT_LOG if the document has another form. */
function fromDocument(body: DocumentBody): RegistrationAggregate {
  const { version, registration, isRetired, decisions } = body as Partial<RegistrationDocument>;
  if (typeof version !== 'number' || typeof isRetired !== 'boolean' || !Array.isArray(decisions)) {
    throw corruptDocument('registration', 'a stored registration is not in the expected form');
  }
  const made = (decisions as RegistrationDocument['decisions']).map(({ d, v, p, s, i, h }) => {
    return { id: d, version: v, position: { partition: p, sequence: s, index: i }, commandHash: h };
  });
  return { version, state: { registration, isRetired }, decisions: made };
}
