const LIFE = Symbol('life');

/** What a part does besides being there. */
export interface Life {
  /** Runs once the part is made, before any later part is. */
  readonly start?: () => Promise<void> | void;
  /** Gets what is left of the time for all stops, in milliseconds; the parts before it need some of it too. */
  readonly stop?: (leftMs: number) => Promise<void> | void;
}

/** A part's value together with its life. */
export interface Started<Value> {
  readonly value: Value;
  readonly [LIFE]: Life;
}

/** Gives a part a life, as in `started(server, { stop: (leftMs) => server.stop(leftMs) })`. */
export function started<Value>(value: Value, life: Life): Started<Value> {
  return { value, [LIFE]: life };
}

/** The value of a part, of what its `make` returned. */
export type ValueOf<Made> = Awaited<Made> extends Started<infer Value> ? Value : Awaited<Made>;

/** What a part of an app is, as data. */
export interface PartInfo {
  readonly name: string;
  readonly kind: 'singleton' | 'factory' | 'override';
  readonly dependencies: readonly string[];
}

/** A part as it is registered. */
export interface Part extends PartInfo {
  /** Gives the part's value, or the value with its life. */
  readonly make: (dependencies: never, stopping: AbortSignal) => unknown;
}

/** A part that has been made. */
export interface MadePart {
  readonly name: string;
  readonly value: unknown;
  readonly life: Life;
}

/** Makes a part of the values of those before it. */
export async function makePart(
  part: Part,
  values: ReadonlyMap<string, unknown>,
  stopping: AbortSignal,
): Promise<MadePart> {
  const dependencies = Object.fromEntries(part.dependencies.map((name) => [name, values.get(name)]));
  const made = await part.make(Object.freeze(dependencies) as never, stopping);
  const { name } = part;
  return isStarted(made) ? { name, value: made.value, life: made[LIFE] } : { name, value: made, life: {} };
}

function isStarted(made: unknown): made is Started<unknown> {
  return typeof made === 'object' && made !== null && LIFE in made;
}
