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

/** The services that every server has besides its own: grpc.health.v1 and grpc.reflection. */
interface StandardServices {
  setServing(isServing: boolean): void;
  /** Ends the streams of these services. An open health watch, for example, prevents the server from stopping. */
  endStreams(reason: string): void;
}

/** Makes an interceptor that collects the open calls of the standard services, because their handlers have no method to end them. */
export function trackStandardCalls(): {
  readonly interceptor: ServerInterceptor;
  readonly calls: ReadonlySet<ServerInterceptingCallInterface>;
} {
  const calls = new Set<ServerInterceptingCallInterface>();
  const interceptor: ServerInterceptor = ({ path }, call) => {
    if (!path.startsWith('/grpc.')) return new ServerInterceptingCall(call);
    calls.add(call);
    // grpc-js calls `onCancel` at the end of every call, also of a successful one.
    const untilItEnds = { onCancel: () => calls.delete(call) };
    return new ServerInterceptingCall(call, { start: (next) => next(untilItEnds) });
  };
  return { interceptor, calls };
}

/** Adds health and reflection to a server. Health answers for the server ('') and for each service by its name. */
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
