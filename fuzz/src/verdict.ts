import type { Operation } from './canary/canary.ts';
import type { Answer } from './wire/call.ts';

/** A rule that was broken. */
export interface Broken {
  /** What must hold, in a few words. */
  readonly rule: string;
  /** What was seen instead. */
  readonly detail: string;
  /** It took too long: a busy machine can cause that, so it must be seen twice. */
  readonly isDelay?: boolean;
}

const UNKNOWN = 2;
const INTERNAL = 13;
/** A line of a stack of V8, or the place of a source file. */
const STACK = /\n\s+at |\bat .+:\d+:\d+|node_modules|\/src\//;
const SHOWN = 160;

/** What is wrong with an answer, whatever the request was. */
export function judgeAnswer({ end, status, text }: Answer): Broken | undefined {
  if (end === 'neither in time')
    return { rule: 'an input is answered or closed in time', detail: text, isDelay: true };
  const detail = `status ${status}, ${JSON.stringify(text.slice(0, SHOWN))}`;
  if (status === UNKNOWN || status === INTERNAL) return { rule: 'no answer is INTERNAL or UNKNOWN', detail };
  if (STACK.test(text)) return { rule: 'no answer shows the inside of the program', detail };
  return undefined;
}

const SERVED = 'the canary is served';
/** How long the canary may wait, besides what the machine withheld. */
const LIMIT_MS = 500;

/** What is wrong with how the canary was served. */
export function judgeOperation({ name, tookMs, lagMs, failure }: Operation): Broken | undefined {
  if (failure !== undefined) return { rule: SERVED, detail: `${name} failed: ${failure}`, isDelay: true };
  if (tookMs <= LIMIT_MS + lagMs) return undefined;
  const detail = `${name} took ${tookMs.toFixed(0)} ms, of which the machine withheld ${lagMs.toFixed(0)} ms`;
  return { rule: `the canary is served within ${LIMIT_MS} ms`, detail, isDelay: true };
}

/** The longest delay that a refusal of the platform names: a client that waits for so long must be served then. */
const REFUSED_MS = 5_000;

/**
 * Which operations of the canary were refused, one time after the other, since when. The canary is far below each limit of a
 * client and has an address of its own, so a refusal is right only while something that all clients share is full:
 * the bytes that wait for disk, a stream, the disk, the connections to MongoDB.
 */
export class Refusals {
  readonly #sinceMs = new Map<string, number>();

  /** What is wrong with the next operation that has ended. It need not be seen twice: it was refused again and again. */
  judge({ name, endedAtMs, failure, refusal }: Operation): Broken | undefined {
    if (failure !== undefined) return undefined;
    if (refusal === undefined) {
      this.#sinceMs.delete(name);
      return undefined;
    }
    const sinceMs = this.#sinceMs.get(name) ?? endedAtMs;
    this.#sinceMs.set(name, sinceMs);
    const refusedMs = endedAtMs - sinceMs;
    if (refusedMs <= REFUSED_MS) return undefined;
    return { rule: SERVED, detail: `${name} was refused for ${refusedMs.toFixed(0)} ms: ${refusal}` };
  }
}

/** A run in which the platform took no report of the canary says nothing of how it serves. */
export function judgeCount(acknowledged: Readonly<Record<string, string>>): readonly Broken[] {
  if (Object.keys(acknowledged).length > 0) return [];
  return [{ rule: SERVED, detail: 'no report was acknowledged in the whole run' }];
}

/** Every acknowledged report of the canary is in the log once, where its acknowledgement said. */
export function judgeLog(
  acknowledged: Readonly<Record<string, string>>,
  logged: readonly { readonly reportId: string; readonly position: string }[],
): readonly Broken[] {
  const places = Map.groupBy(logged, ({ reportId }) => reportId);
  return Object.entries(acknowledged).flatMap(([id, position]) => {
    const found = (places.get(id) ?? []).map((event) => event.position);
    if (found.length === 1 && found[0] === position) return [];
    const detail = `${id} acknowledged at ${position}, found at [${found.join(', ')}]`;
    return [{ rule: 'an acknowledged report is in the log once', detail }];
  });
}

/** An input, by what repeats it. */
interface InputName {
  readonly number: number;
  readonly name: string;
}

/** A broken rule, by which inputs, and how often. */
export interface Violation extends Broken {
  /** The fewest inputs that were found to break it: one, or a row. None for what is judged at the end. */
  readonly inputs: readonly InputName[];
  readonly count: number;
}

/** Violations that differ only in numbers and ids are one. */
export class Violations {
  readonly #found = new Map<string, Violation>();

  has(broken: Broken): boolean {
    return this.#found.has(keyOf(broken));
  }

  add(broken: Broken, inputs: readonly InputName[]): void {
    const key = keyOf(broken);
    const names = inputs.map(({ number, name }) => ({ number, name }));
    const known = this.#found.get(key) ?? { ...broken, inputs: names, count: 0 };
    this.#found.set(key, { ...known, count: known.count + 1 });
  }

  all(): readonly Violation[] {
    return [...this.#found.values()];
  }
}

const keyOf = ({ rule, detail }: Broken) =>
  `${rule}: ${detail}`.replaceAll(/\d+|[\da-f]{8}-[\da-f-]{27}/g, '#');

/** A violation in lines, with the command that repeats it. */
export function describeViolation({ rule, detail, inputs, count }: Violation, seed: number): string {
  const [first] = inputs;
  const lines = [`  ✗ ${rule}: ${detail}${count > 1 ? ` (${count} times)` : ''}`];
  if (first) {
    lines.push(`    input ${first.number}: ${inputs.length > 1 ? `one of ${inputs.length}` : first.name}`);
    lines.push(
      `    repeat it: make fuzz INPUTS=${inputs.length} ARGS='--seed ${seed} --from ${first.number}'`,
    );
  }
  return lines.join('\n');
}
