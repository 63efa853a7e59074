import {
  type Server,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

/** What every server offers besides its own services: grpc.health.v1 and grpc.reflection. */
export interface StandardServices {
  setServing(isServing: boolean): void;
  /** Ends the streams of these services, such as a health watch, which would keep the server from stopping. */
  endStreams(reason: string): void;
}

/** Makes the interceptor that keeps the calls of the standard services, whose handlers are not ours to end. */
export function trackStandardCalls(): {
  readonly interceptor: ServerInterceptor;
  readonly calls: ReadonlySet<ServerInterceptingCallInterface>;
} {
  const calls = new Set<ServerInterceptingCallInterface>();
  const interceptor: ServerInterceptor = ({ path }, call) => {
    if (!path.startsWith('/grpc.')) return new ServerInterceptingCall(call);
    calls.add(call);
    // grpc-js calls `onCancel` when a call ends, however it ends.
    const untilItEnds = { onCancel: () => calls.delete(call) };
    return new ServerInterceptingCall(call, { start: (next) => next(untilItEnds) });
  };
  return { interceptor, calls };
}

/** Adds health and reflection to a server; health answers for the server ('') and each of the services by name. */
export function addStandardServices(
  server: Server,
  descriptorSet: Buffer,
  serviceNames: readonly string[],
  calls: ReadonlySet<ServerInterceptingCallInterface>,
): StandardServices {
  const health = new HealthImplementation();
  const setServing = (isServing: boolean) => {
    for (const name of ['', ...serviceNames]) health.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING');
  };
  setServing(false);
  health.addToServer(server);
  const descriptors = loadFileDescriptorSetFromBuffer(descriptorSet);
  new ReflectionService(descriptors, { services: [...serviceNames] }).addToServer(server);
  const endStreams = (details: string) => {
    for (const call of calls) call.sendStatus({ code: status.UNAVAILABLE, details });
  };
  return { setServing, endStreams };
}
