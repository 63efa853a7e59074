import { invalid } from '@odograph/platform/grpc/request-checks';

export const DECISION_ID_MAX_LENGTH = 128;
const DECISION_ID = new RegExp(`^[!-~]{1,${DECISION_ID_MAX_LENGTH}}$`);

/** The id that the caller gives a decision. */
export function checkDecisionId(decisionId: string): string {
  if (DECISION_ID.test(decisionId)) return decisionId;
  const description = `must be 1 to ${DECISION_ID_MAX_LENGTH} visible ASCII characters, such as a UUID, the same when it is sent again`;
  throw invalid('decision_id', 'INVALID_DECISION_ID', description);
}
