import { runningPlatform } from '@odograph/cluster/up-state';
import { isFault } from '@odograph/kernel/fault';
import { type FleetMoment, isLive } from './fleet-frame.ts';

/** The vehicle that the hints name: as before while its values are those of now, else the one that was heard last. */
export function vehicleToName(
  { statuses, nowMs }: FleetMoment,
  before: string | undefined,
): string | undefined {
  const live = statuses.filter((status) => isLive(status, nowMs));
  if (live.some(({ vehicle_id }) => vehicle_id === before)) return before;
  const heard = (last_received_at: string | null) => Date.parse(last_received_at ?? '');
  return live.toSorted((a, b) => heard(b.last_received_at) - heard(a.last_received_at))[0]?.vehicle_id;
}

/** The services that the hints ask. */
export type Asked = 'cache' | 'history';

/** Commands to copy into another terminal; `where` is what they need to find each service. */
export function hintsFor(
  vehicleId: string | undefined,
  where: Readonly<Record<Asked, string>>,
): readonly string[] {
  const tail = `npx odograph log tail${where.history}`;
  if (vehicleId === undefined) return [`npx odograph status${where.cache}`, tail];
  return [
    `npx odograph status ${vehicleId}${where.cache}`,
    `npx odograph history ${vehicleId} --from -5m --signals speed_kmh${where.history}`,
    tail,
  ];
}

/** The command that says what is wrong with the platform of a data directory, for a shell. */
export function doctorHint(dataDir: string, defaultDataDir: string): string {
  const quoted = `'${dataDir.replaceAll("'", `'\\''`)}'`;
  const path = /^[\w./-]+$/.test(dataDir) ? dataDir : quoted;
  return `${dataDir === defaultDataDir ? '' : `ODO_DATA_DIR=${path} `}npx odograph doctor`;
}

/** What a command needs to find a service, unless it is the one of the platform on the default data directory. */
export function whereOf(service: Asked, endpoint: string, defaultDataDir: string): string {
  return endpointIn(defaultDataDir, service) === endpoint ? '' : ` --endpoint ${endpoint}`;
}

/** undefined also if the directory is another user's. */
function endpointIn(dataDir: string, service: Asked): string | undefined {
  try {
    return runningPlatform(dataDir)?.endpoints[service];
  } catch (error) {
    if (isFault(error, 'UNAVAILABLE')) return undefined;
    throw error;
  }
}
