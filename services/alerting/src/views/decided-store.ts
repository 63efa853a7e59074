import { type Aggregate, applyDecision } from '@odograph/kernel/aggregate';
import type { EventPosition } from '@odograph/kernel/position';
import type { DecisionEvent } from '@odograph/kernel/vehicle-event';
import type { Collection, Db, Filter } from 'mongodb';

interface DecidedDocument<State> {
  readonly _id: string;
  readonly version: number;
  readonly state: State;
  readonly decisions: Aggregate<State>['decisions'];
}

/** A decision about an aggregate that has an id. */
export interface LoggedDecision<Event extends DecisionEvent> {
  readonly id: string;
  readonly event: Event;
  readonly position: EventPosition;
}

interface StoreOptions<State, Event extends DecisionEvent> {
  readonly collection: string;
  readonly initial: State;
  readonly evolve: (state: State, event: Event) => State;
}

/** What people have decided about rules, or about silences: a view that can be made again. */
export class DecidedStore<State, Event extends DecisionEvent> {
  readonly #documents: Collection<DecidedDocument<State>>;
  readonly #options: StoreOptions<State, Event>;

  constructor(db: Db, options: StoreOptions<State, Event>) {
    // What is undefined in a state would be read as null, which says something else.
    this.#documents = db.collection(options.collection, { ignoreUndefined: true });
    this.#options = options;
  }

  async load(id: string): Promise<Aggregate<State>> {
    const found = await this.#documents.findOne({ _id: id } as Filter<DecidedDocument<State>>);
    return found ? aggregateOf(found as DecidedDocument<State>) : this.#initial();
  }

  /** All of them, in the order of their ids. */
  async list(
    filter: Filter<DecidedDocument<State>> = {},
  ): Promise<readonly (readonly [string, Aggregate<State>])[]> {
    const found = await this.#documents.find(filter).sort({ _id: 1 }).toArray();
    return found.map(
      (document) => [String(document._id), aggregateOf(document as DecidedDocument<State>)] as const,
    );
  }

  /** Stores what decisions, in their order, make of aggregates, and gives them. One that is stored already changes nothing. */
  async apply(decisions: readonly LoggedDecision<Event>[]): Promise<ReadonlyMap<string, Aggregate<State>>> {
    const changed = new Map<string, Aggregate<State>>();
    for (const { id, event, position } of decisions) {
      const aggregate = changed.get(id) ?? (await this.load(id));
      changed.set(id, aggregate);
      applyDecision(aggregate, { event, position }, this.#options.evolve);
    }
    for (const [id, { version, state, decisions: made }] of changed) {
      const older = { _id: id, $or: [{ version: { $exists: false } }, { version: { $lte: version } }] };
      await this.#documents.updateOne(
        older as Filter<DecidedDocument<State>>,
        [{ $set: { version, state: { $literal: state }, decisions: { $literal: made } } }],
        { upsert: true },
      );
    }
    return changed;
  }

  #initial(): Aggregate<State> {
    return { version: 0, state: this.#options.initial, decisions: [] };
  }
}

const aggregateOf = <State>({ version, state, decisions }: DecidedDocument<State>): Aggregate<State> => ({
  ...{ version, state, decisions },
});
