import { Fault } from '@odograph/kernel/fault';

/** A server cannot listen, which only a person can change. `setting` is the name of its settings, such as `ODO_GRPC`. */
export function listenFault(address: string, cause: Error, setting: string): Fault {
  const message = `cannot listen on ${address}: ${cause.message}: stop what uses that port, or set ${setting}_PORT or ${setting}_HOST`;
  return new Fault('RULE_VIOLATED', message, { cause });
}
