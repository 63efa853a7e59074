import { Fault, type FaultCode, type FaultDetails } from '@odograph/kernel/fault';

/** The names of the door's limits in metrics. They do not depend on the configured values. */
type LimitName =
  | 'message_bytes'
  | 'message_reports'
  | 'client_reports_per_second'
  | 'client_connections'
  | 'work_bytes';

/** A limit of the door was reached. */
export class LimitFault extends Fault {
  readonly limitName: LimitName;

  constructor(limitName: LimitName, code: FaultCode, message: string, details: FaultDetails) {
    super(code, message, details);
    this.limitName = limitName;
  }
}
