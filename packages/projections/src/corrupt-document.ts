import { Fault } from '@odograph/kernel/fault';

/** The fault of a stored document that its projection did not write, with the way to fold it again from the log. */
export function corruptDocument(projection: string, what: string, cause?: unknown): Fault {
  const wayOut = `delete the collection ${projection}_v<version> and the checkpoints of ${projection} while history is stopped`;
  return new Fault('CORRUPT_LOG', `${what}: ${wayOut}, then it folds the log again`, { cause });
}
