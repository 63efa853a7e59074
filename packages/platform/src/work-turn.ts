/** How long the long works of a process may take together, in one turn of the event loop. Then commits and other calls run. */
export const TURN_MS = 5;
/** Bytes that are decoded between two reads of the clock: about a quarter of a millisecond. */
const CLOCK_BYTES = 16 * 1024;
/** What a step costs beside its bytes. */
const STEP_BYTES = 256;

/** The works that wait for a turn, in order. */
const waiting: (() => void)[] = [];
/** When the first long work of this turn of the event loop read the clock; undefined if none did. */
let begunAtMs: number | undefined;

/**
 * The turns of one long work that does not wait for anything: between two of its steps it asks whether its turn is over, and
 * then waits for the next one. Of all works that wait, one goes on in each turn of the event loop.
 */
export class WorkTurn {
  readonly #signal: Pick<AbortSignal, 'throwIfAborted'> | undefined;
  #left = CLOCK_BYTES;

  /** @param signal of the one who wants the work: aborted, it ends at its next turn */
  constructor(signal?: Pick<AbortSignal, 'throwIfAborted'>) {
    this.#signal = signal;
  }

  /** Counts a step. It reads the clock after some bytes, so a short work never does. */
  isOver(bytes = 0): boolean {
    this.#left -= STEP_BYTES + bytes;
    if (this.#left > 0) return false;
    this.#left = CLOCK_BYTES;
    return performance.now() - begun() >= TURN_MS;
  }

  /** Resolves in the next turn of this work. Throws the reason of the signal if that is aborted. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      begun();
      waiting.push(resolve);
    });
    this.throwIfAborted();
  }

  /** Throws the reason of the signal if that is aborted: for a work that also waits for something else. */
  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }
}

/**
 * Takes all steps of a work in turns, and gives its result. Each step may take about a millisecond.
 * @param answer gives what a step asks for, if it asks
 */
export async function inTurns<T, Asked = never, Given = never>(
  steps: Generator<Asked | undefined, T, Given | undefined>,
  turn: WorkTurn,
  answer?: (asked: Asked) => Promise<Given>,
): Promise<T> {
  for (let given: Given | undefined; ; ) {
    const step = steps.next(given);
    if (turn.isOver(CLOCK_BYTES)) await turn.next();
    if (step.done) return step.value;
    turn.throwIfAborted();
    given = step.value === undefined ? undefined : await answer?.(step.value);
  }
}

function begun(): number {
  if (begunAtMs === undefined) setImmediate(goOn);
  begunAtMs ??= performance.now();
  return begunAtMs;
}

/** The next turn of the event loop, as long as works read the clock or wait. */
function goOn(): void {
  const resume = waiting.shift();
  begunAtMs = undefined;
  if (!resume) return;
  begun();
  resume();
}
