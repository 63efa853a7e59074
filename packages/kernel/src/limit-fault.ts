import { Fault, type FaultCode, type FaultDetails } from './fault.ts';

/** The names of limits in metrics. They do not depend on the configured values. */
export type LimitName =
  | 'message_bytes'
  | 'message_reports'
  | 'client_reports_per_second'
  | 'client_windows_per_second'
  | 'client_vehicles_per_second'
  | 'client_connections'
  | 'client_decisions_per_second'
  | 'work_bytes'
  | 'queued_bytes'
  | 'stream_bytes'
  | 'free_disk';

/** A limit was reached. */
export class LimitFault extends Fault {
  readonly limitName: LimitName;

  constructor(limitName: LimitName, code: FaultCode, message: string, details: FaultDetails) {
    super(code, message, details);
    this.limitName = limitName;
  }
}
