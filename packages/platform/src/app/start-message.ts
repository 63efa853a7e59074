import { Fault, type FaultCode } from '@odograph/kernel/fault';

/** The addresses of a service, each as `host:port`. */
export interface ServiceEndpoints {
  readonly grpc: string;
  readonly metrics: string;
}

/** A service sends this when it is ready: to its parent over IPC, or without a parent as a line on stdout. */
export interface ReadyMessage {
  readonly ready: true;
  readonly endpoints: ServiceEndpoints;
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { ready, endpoints } = message as Partial<Record<keyof ReadyMessage, unknown>>;
  if (ready !== true || typeof endpoints !== 'object' || endpoints === null) return false;
  const { grpc, metrics } = endpoints as Partial<Record<keyof ServiceEndpoints, unknown>>;
  return typeof grpc === 'string' && typeof metrics === 'string';
}

/** A service sends this to its parent over IPC when it refuses to start, because a retry would not help. */
export interface RefusalMessage {
  readonly refused: { readonly code: FaultCode; readonly message: string };
}

export function refusalMessage({ code, message }: Fault): RefusalMessage {
  return { refused: { code, message } };
}

/** The Fault of a {@link RefusalMessage}; undefined for other messages. */
export function refusalOf(message: unknown): Fault | undefined {
  if (typeof message !== 'object' || message === null || !('refused' in message)) return undefined;
  const { refused } = message as RefusalMessage;
  return new Fault(refused.code, refused.message);
}
