/** A rule that was broken. */
export interface Broken {
  /** What must hold, in a few words. */
  readonly rule: string;
  /** What was seen instead. */
  readonly detail: string;
  /** It took too long: a busy machine can cause that, so it must be seen twice. */
  readonly isDelay?: boolean;
}

/** An input, by what repeats it. */
export interface InputName {
  readonly number: number;
  readonly name: string;
}

/** A broken rule, by which inputs, and how often. */
export interface Violation extends Broken {
  /** The fewest inputs that were found to break it: one, or a row. None for what is judged at the end. */
  readonly inputs: readonly InputName[];
  readonly count: number;
}

/** Violations that differ only in numbers are one. */
export function createViolations() {
  const found = new Map<string, Violation>();
  return {
    add(broken: Broken, inputs: readonly InputName[]): void {
      const key = `${broken.rule}: ${broken.detail}`.replaceAll(/\d+|[\da-f]{8}-[\da-f-]{27}/g, '#');
      const names = inputs.map(({ number, name }) => ({ number, name }));
      const known = found.get(key) ?? { ...broken, inputs: names, count: 0 };
      found.set(key, { ...known, count: known.count + 1 });
    },
    all: (): readonly Violation[] => [...found.values()],
  };
}
