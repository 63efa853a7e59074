/** Where a service is, each as `host:port`. */
export interface ServiceEndpoints {
  readonly grpc: string;
  readonly metrics: string;
}

/** What a service says once it can be used: to its parent over IPC, else as a line on stdout. */
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
