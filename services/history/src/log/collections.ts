import { Fault } from '@odograph/kernel/fault';
import type { Collection, Db, IndexDescription } from 'mongodb';
import type { EnvelopeDocument } from './envelope-document.ts';
import type { LedgerCheckpointDocument, LedgerDocument } from './ledger-document.ts';
import type { PartitionDocument } from './partition-record.ts';

/** The log's collections. Only the owners of partitions write them. */
export interface LogCollections {
  readonly envelopes: Collection<EnvelopeDocument>;
  readonly partitions: Collection<PartitionDocument>;
  readonly ledger: Collection<LedgerDocument>;
  readonly ledgerCheckpoints: Collection<LedgerCheckpointDocument>;
}

const ENVELOPE_INDEXES: IndexDescription[] = [
  // An envelope has one successor: this makes the log a chain, however many processes write it.
  { name: 'successor', key: { after: 1 }, unique: true },
  { name: 'rare_types', key: { rare: 1, _id: 1 }, partialFilterExpression: { rare: { $exists: true } } },
];

export function logCollections(database: Db): LogCollections {
  return {
    envelopes: database.collection('envelopes'),
    partitions: database.collection('partitions'),
    ledger: database.collection('ledger'),
    ledgerCheckpoints: database.collection('ledger_checkpoints'),
  };
}

/** Creates missing indexes. It can be repeated, and several processes may call it at the same time. */
export async function createLogIndexes({ envelopes }: LogCollections): Promise<void> {
  await envelopes.createIndexes(ENVELOPE_INDEXES);
}

/** The collection of the log's first form, which had a document for each event. */
const FIRST_FORM = 'events';

/** Throws a Fault RULE_VIOLATED if the database holds a log of the first form: it would be ignored. */
export async function refuseFirstForm(database: Db): Promise<void> {
  const found = await database.listCollections({ name: FIRST_FORM }, { nameOnly: true }).toArray();
  if (found.length === 0) return;
  throw new Fault(
    'RULE_VIOLATED',
    `the database ${database.databaseName} holds a log of the first form (collection ${FIRST_FORM}), which this version does not read: ` +
      'use an empty database and empty streams, or delete the data directory',
  );
}
