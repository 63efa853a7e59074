import type { CommandCall } from '@odograph/decisions/append-event';
import type { EventPublisher } from '@odograph/event-log/publisher';
import { alertSubject } from '@odograph/kernel/alert-event';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import { beforeDeadline } from '@odograph/platform/grpc/handler';
import { type AlertRecord, isOpen } from '../domain/alert-record.ts';
import type { AlertStore } from '../views/alert-store.ts';
import { appendTo } from './decisions.ts';

interface AcknowledgeDeps {
  readonly alerts: Pick<AlertStore, 'get'>;
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
  readonly reach: (position: Position, signal: AbortSignal) => Promise<void>;
  readonly partitionCount: number;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Who takes care of an alert. */
export interface AcknowledgeCommand {
  readonly alertId: string;
  readonly by: string;
  readonly note: string;
}

export interface Acknowledged {
  readonly record: AlertRecord;
  readonly position: Position;
}

/** Acknowledges an alert that is not over. Of two at the same time, the first in the log counts, and both are in its history. */
export function createAcknowledge(deps: AcknowledgeDeps) {
  const { alerts, publisher, reach, partitionCount, clock, newId } = deps;
  return async (command: AcknowledgeCommand, call: CommandCall): Promise<Acknowledged> => {
    const { alertId, by, note } = command;
    const record = await alerts.get(alertId);
    if (!record) throw noAlert(alertId);
    const { vehicleId } = record;
    if (!isOpen(record)) throw isOver(record);
    const nowMs = clock.now();
    const event: AlertEvent = {
      ...{ type: 'AlertAcknowledged', subject: alertSubject(vehicleId), reportId: newId() },
      ...{ observedAtMs: nowMs, receivedAtMs: nowMs },
      ...{ alertId, vehicleId, by, note },
    };
    const position = await appendTo(partitionOf(vehicleId, partitionCount), event, { publisher, call });
    await reach(position, beforeDeadline(call));
    return { record: (await alerts.get(alertId)) ?? record, position };
  };
}

export function noAlert(alertId: string): Fault {
  return new Fault('NOT_FOUND', `there is no alert ${alertId}: \`odograph alerts list\` shows them`);
}

function isOver({ id, phase }: AlertRecord): Fault {
  const description = `is ${phase}: only an alert that goes on can be acknowledged`;
  const findings = [{ field: 'alert_id', reason: 'OVER', description }];
  return new Fault('RULE_VIOLATED', `alert ${id} ${description}`, { findings });
}
