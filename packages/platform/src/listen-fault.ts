import { Fault } from '@odograph/kernel/fault';

/** A server cannot listen, which only a person can change. `setting` is the name of its settings, such as `ODO_GRPC`. */
export function listenFault(address: string, cause: Error, setting: string): Fault {
  // gRPC lists in brackets what the operating system said of each address.
  const why = /\[(.*)\]/.exec(cause.message)?.[1] ?? cause.message;
  const message = `cannot listen on ${address}: ${why}: stop what uses that port, or set ${setting}_PORT or ${setting}_HOST`;
  return new Fault('RULE_VIOLATED', message, { cause });
}
