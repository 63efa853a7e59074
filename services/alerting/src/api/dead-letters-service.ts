import {
  DeadLettersService,
  type DeadLetter as WireDeadLetter,
} from '@odograph/contracts/generated/odograph/alerting/v1/dead_letters';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import { grpcService, unary } from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import { checkFilterText, invalid, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import { type DeadLetter, type DeadLetterOptions, MAX_LETTERS } from '../notify/dead-letters.ts';
import type { Outbox } from '../notify/outbox.ts';
import { severityToWire } from './alert-wire.ts';

interface DeadLettersDeps {
  readonly outbox: Pick<Outbox, 'deadLetters' | 'replay'>;
  /** There may be something to send. */
  readonly onReplayed: () => void;
}

const MAX_ID = 200;

/** Lists what did not reach its receiver, and sends it again. */
export function deadLettersService({ outbox, onReplayed }: DeadLettersDeps) {
  return grpcService(DeadLettersService, {
    list: unary(async ({ receiver, pageSize, pageToken }) => {
      checkFilterText('receiver', receiver);
      const query = ['dead letters', receiver] as const;
      const after = lastOf(decodePageToken(query, pageToken));
      const limit = Math.min(pageSizeOf(pageSize), MAX_LETTERS);
      const asked = { after, limit: limit + 1, ...(receiver !== '' && { receiver }) };
      const found = await outbox.deadLetters(asked);
      const page = found.slice(0, limit).map(toWire);
      const fitting = page.slice(0, Math.max(1, countFitting(page, bytesOf)));
      const last = fitting.at(-1);
      const hasMore = last !== undefined && found.length > fitting.length;
      return {
        deadLetters: fitting,
        nextPageToken: hasMore ? encodePageToken(query, [last.diedAtMs, last.id]) : '',
      };
    }),
    replay: unary(async ({ ids, receiver }) => {
      checkReplay(ids, receiver);
      const wanted = receiver === '' ? ids : (await outbox.deadLetters({ receiver })).map(({ id }) => id);
      const replayed = await outbox.replay(wanted);
      if (replayed.length > 0) onReplayed();
      return { replayed: [...replayed], notFound: ids.filter((id) => !replayed.includes(id)) };
    }),
  });
}

function lastOf(token: readonly unknown[] | undefined): DeadLetterOptions['after'] {
  if (token === undefined) return undefined;
  const [settledAtMs, id] = token;
  if (typeof settledAtMs !== 'number' || typeof id !== 'string') throw badToken();
  return { settledAtMs, id };
}

/** Throws a Fault INVALID_INPUT unless it says which ones in one way. */
function checkReplay(ids: readonly string[], receiver: string): void {
  if ((ids.length === 0) === (receiver === ''))
    throw invalid('ids', 'ONE_OF', 'give ids, or a receiver, and not both');
  checkFilterText('receiver', receiver);
  if (ids.length > MAX_LETTERS)
    throw invalid('ids', 'TOO_MANY', `has ${ids.length} ids, at most ${MAX_LETTERS} are allowed`);
  const wrong = ids.findIndex((id) => id === '' || id.length > MAX_ID);
  if (wrong >= 0) throw invalid(`ids[${wrong}]`, 'INVALID_ID', `must have 1 to ${MAX_ID} characters`);
}

function toWire({ id, receiver, reason, attempts, settledAtMs, notices }: DeadLetter): WireDeadLetter {
  return {
    ...{ id, receiver, reason, attempts, diedAtMs: settledAtMs },
    notices: notices.map(({ alert, kind, atMs }) => ({
      ...{ alertId: alert.id, kind, rule: alert.rule, vehicleId: alert.vehicleId, atMs },
      severity: severityToWire(alert.severity),
    })),
  };
}

/** Or a few more. */
function bytesOf({ reason, notices }: WireDeadLetter): number {
  const texts = notices.map(
    ({ alertId, rule, vehicleId }) => alertId.length + rule.length + vehicleId.length,
  );
  return 300 + 3 * (reason.length + texts.reduce((sum, length) => sum + length + 40, 0));
}
