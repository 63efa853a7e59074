import { Fault, isFault } from '@odograph/kernel/fault';

/** Runs until done; Ctrl-C or SIGTERM aborts the signal. Throws a Fault CANCELLED if that ended it early. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await run(interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted || !isFault(error, 'CANCELLED')) throw error;
    throw new Fault('CANCELLED', 'interrupted', { cause: error });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
