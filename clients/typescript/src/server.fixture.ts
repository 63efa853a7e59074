import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Finding } from './fault.ts';
import { BadRequest, RetryInfo } from './generated/google/rpc/error_details.ts';
import { Status } from './generated/google/rpc/status.ts';

export interface TestServer {
  readonly endpoint: string;
  readonly port: number;
  /** Breaks every connection, as the end of the process does. */
  kill(): void;
}

/** A service with its handlers, which may answer with bytes that are not a message. */
export type TestService = readonly [ServiceDefinition, UntypedServiceImplementation];

/** A gRPC server on loopback; port 0 is a free one. */
export async function startServer(services: readonly TestService[], wantedPort = 0): Promise<TestServer> {
  const server = new Server();
  for (const [definition, handlers] of services) server.addService(withRawAnswers(definition), handlers);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const address = `127.0.0.1:${wantedPort}`;
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
    if (error) reject(error);
    else resolve(port);
  });
  const port = await promise;
  return { endpoint: `127.0.0.1:${port}`, port, kill: () => server.forceShutdown() };
}

function withRawAnswers(definition: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(definition).map(([name, method]) => {
    const responseSerialize = (answer: unknown) => {
      return Buffer.isBuffer(answer)
        ? answer
        : (method as MethodDefinition<unknown, unknown>).responseSerialize(answer);
    };
    return [name, { ...method, responseSerialize }];
  });
  return Object.fromEntries(methods);
}

export interface Refusal {
  readonly code: status;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly findings?: readonly Finding[];
}

export const overloaded = (message: string, retryAfterMs: number): Refusal => {
  return { code: status.RESOURCE_EXHAUSTED, message, retryAfterMs };
};

export const unavailable = (message: string, retryAfterMs?: number): Refusal => {
  return { code: status.UNAVAILABLE, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
};

/** A refusal as the platform sends it inside a message. */
export function rpcStatus({ code, message, retryAfterMs, findings = [] }: Refusal): Status {
  const typeUrl = (name: string) => `type.googleapis.com/google.rpc.${name}`;
  const details = [];
  if (findings.length > 0) {
    const value = BadRequest.encode(BadRequest.create({ fieldViolations: [...findings] })).finish();
    details.push({ typeUrl: typeUrl('BadRequest'), value: Buffer.from(value) });
  }
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1_000);
    const retryDelay = { seconds, nanos: (retryAfterMs - seconds * 1_000) * 1e6 };
    details.push({
      typeUrl: typeUrl('RetryInfo'),
      value: Buffer.from(RetryInfo.encode({ retryDelay }).finish()),
    });
  }
  return { code, message, details };
}

/** A refusal as the platform ends a call with it. */
export function serviceError(
  refusal: Refusal,
): Error & { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(rpcStatus(refusal)).finish()));
  const isTooLarge = refusal.code === status.RESOURCE_EXHAUSTED && refusal.retryAfterMs === undefined;
  const pushbackMs = isTooLarge ? -1 : refusal.retryAfterMs;
  if (pushbackMs !== undefined) metadata.set('grpc-retry-pushback-ms', String(pushbackMs));
  return Object.assign(new Error(refusal.message), {
    code: refusal.code,
    details: refusal.message,
    metadata,
  });
}
