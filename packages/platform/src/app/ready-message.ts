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
