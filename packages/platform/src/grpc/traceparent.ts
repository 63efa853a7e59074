const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ALL_ZERO = /^0+$/;
/** Each event of a call keeps it. The version that is known has 55 characters, and a later one may have more. */
export const TRACEPARENT_MAX_LENGTH = 128;

/** Whether a `traceparent` header is well-formed (W3C Trace Context, level 2) and short. Treat any other as absent. */
export function isTraceparent(text: string): boolean {
  if (text.length > TRACEPARENT_MAX_LENGTH) return false;
  const [, version, traceId, parentId, rest] = FORM.exec(text) ?? [];
  if (traceId === undefined || parentId === undefined) return false;
  const isKnownVersion = version === '00' ? rest === undefined : version !== 'ff';
  return isKnownVersion && !ALL_ZERO.test(traceId) && !ALL_ZERO.test(parentId);
}
