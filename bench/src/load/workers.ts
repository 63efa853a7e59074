/** A number of workers, each of which works until it is stopped. */
export interface Workers {
  /** Starts more workers, or stops the last ones. */
  resize(size: number): void;
  /** Stops all, and resolves once they have ended. Throws what a worker threw. */
  close(): Promise<void>;
}

/** @param work must end soon after its signal is aborted. If it throws, the process ends. */
export function createWorkers(work: (worker: number, signal: AbortSignal) => Promise<void>): Workers {
  const workers: AbortController[] = [];
  const running = new Set<Promise<void>>();

  function resize(size: number): void {
    for (const stopping of workers.splice(size)) stopping.abort();
    while (workers.length < size) {
      const worker = new AbortController();
      const done = work(workers.length, worker.signal).finally(() => running.delete(done));
      running.add(done);
      workers.push(worker);
    }
  }

  return {
    resize,
    async close() {
      resize(0);
      await Promise.all(running);
    },
  };
}
