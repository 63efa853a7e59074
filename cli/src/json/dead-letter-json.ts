import { severityInWords } from '@odograph/client/alert-words';
import type { DeadLetter } from '@odograph/client/generated/odograph/alerting/v1/dead_letters';
import { isoTime } from '@odograph/kernel/iso-time';

/** A dead letter, as `odograph deadletter list --json` prints it. */
export function deadLetterJson({ id, receiver, reason, attempts, diedAtMs, notices }: DeadLetter) {
  return {
    ...{ id, receiver, reason, attempts, died_at: isoTime(diedAtMs) },
    notices: notices.map(({ alertId, kind, rule, vehicleId, severity, atMs }) => ({
      ...{ alert: alertId, kind, rule, vehicle_id: vehicleId },
      ...{ severity: severityInWords(severity) ?? null, at: isoTime(atMs) },
    })),
  };
}

export type DeadLetterJson = ReturnType<typeof deadLetterJson>;
