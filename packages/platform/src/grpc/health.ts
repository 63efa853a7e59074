import { EventEmitter, once } from 'node:events';
import {
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { Fault } from '@odograph/kernel/fault';
import type { Admission } from './admission.ts';
import { type CallContext, type GrpcService, grpcService, serverStream, unary } from './handler.ts';

/** The service grpc.health.v1.Health of a server. */
export interface Health {
  readonly service: GrpcService;
  /** Sets whether the server ('') is alive. A service is serving if the server is, and if it is ready. */
  setServing(isServing: boolean): void;
  /** Sets whether the services are ready. They are at first. */
  setReady(isReady: boolean): void;
}

/**
 * Health of the server ('') and of each of these services. All are NOT_SERVING at first.
 * @param admission says when a watch begins.
 */
export function createHealth(serviceNames: readonly string[], admission: Admission): Health {
  const names = new Set(['', ...serviceNames]);
  const changes = new EventEmitter().setMaxListeners(0);
  let [isServing, isReady] = [false, true];

  function statusOf(service: string): HealthCheckResponse['status'] {
    return isServing && (isReady || service === '') ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  function check({ service }: { readonly service: string }): HealthCheckResponse {
    if (names.has(service)) return { status: statusOf(service) };
    const offered = serviceNames.join(', ');
    throw new Fault('NOT_FOUND', `this server has no such service: it has ${offered}`);
  }

  /** The name of an unknown service is not kept: it may be long, and a watch stays open. */
  async function* watch(
    service: string | undefined,
    { client, signal }: CallContext,
  ): AsyncGenerator<HealthCheckResponse> {
    // Only at the start: a server that stops says so to all watches at once.
    await admission.enter(client, signal);
    let sent: HealthCheckResponse['status'] | undefined;
    for (;;) {
      const now = service === undefined ? ServingStatus.SERVICE_UNKNOWN : statusOf(service);
      if (now === sent) await once(changes, 'change', { signal });
      else yield { status: now };
      sent = now;
    }
  }

  return {
    service: grpcService(HealthService, {
      check: unary(async (request) => check(request)),
      list: unary(async () => ({
        statuses: Object.fromEntries([...names].map((name) => [name, { status: statusOf(name) }])),
      })),
      watch: serverStream(
        ({ service }, context) => watch(names.has(service) ? service : undefined, context),
        {
          stays: true,
        },
      ),
    }),
    setServing(value) {
      isServing = value;
      changes.emit('change');
    },
    setReady(value) {
      if (value === isReady) return;
      isReady = value;
      changes.emit('change');
    },
  };
}
