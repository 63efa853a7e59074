import type { Ledger } from './ledger.ts';

/** Stores the ledger beside the appending. */
export interface LedgerStoring {
  /**
   * Starts to store the ledger if it is time, once everything that was judged is appended. A ledger that is full waits for
   * the store that is under way, so that it does not grow without bound.
   */
  startIfDue(appending: Promise<void>): Promise<void>;
  /** Stores what is left. The log must have every envelope that was judged. */
  storeRest(): Promise<void>;
  done(): Promise<void>;
}

export function createLedgerStoring(
  ledger: Pick<Ledger, 'isFull' | 'store'>,
  intervalMs: number,
): LedgerStoring {
  let running: Promise<void> | undefined;
  let failure: unknown;
  let lastAtMs = performance.now();

  async function store(): Promise<void> {
    try {
      await ledger.store();
    } catch (error) {
      failure = error;
    }
    lastAtMs = performance.now();
    running = undefined;
  }

  async function done(): Promise<void> {
    await running;
    if (failure !== undefined) throw failure;
  }

  return {
    async startIfDue(appending) {
      if (ledger.isFull) await running;
      if (failure !== undefined) throw failure;
      if (running !== undefined) return;
      if (!ledger.isFull && performance.now() - lastAtMs <= intervalMs) return;
      await appending;
      running = store();
    },
    async storeRest() {
      await done();
      running = store();
      await done();
    },
    done,
  };
}
