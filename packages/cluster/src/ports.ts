import type { Note } from '@odograph/engines/candidate';
import { engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { findFreePort, requireFreePort, whyUnusable } from '@odograph/engines/free-port';
import { Fault } from '@odograph/kernel/fault';
import type { ServiceSpec } from './services.ts';

/** Ports by the name of a process, or that of its metrics such as `history-metrics`. */
export type Ports = Readonly<Record<string, number | undefined>>;

interface PortOptions {
  /** Those of the command line, where the option of a name is `--<name>-port`. */
  readonly given: Ports;
  /** Those of the last start on the same data, or the usual ones. */
  readonly usual: Ports;
  readonly note: Note;
}

/** The ports of `odograph up` on a new data directory. */
export function usualPorts(services: readonly ServiceSpec[]): Ports {
  return Object.fromEntries([
    ...engineKinds.map((kind) => [kind, engineFacts[kind].usualPort]),
    ...services.flatMap(({ name, usualPorts: { grpc, metrics } }) => [
      [name, grpc],
      [`${name}-metrics`, metrics],
    ]),
  ]);
}

/**
 * Chooses the port of a name: the one that is given, else the usual one, else with a note a free one.
 * @throws Fault RULE_VIOLATED that names the option, if a port that is given cannot be used, and INVALID_INPUT if two are equal.
 */
export async function choosePort(name: string, { given, usual, note }: PortOptions): Promise<number> {
  const wanted = given[name];
  if (wanted !== undefined) {
    const twin = Object.entries(given).find(([other, port]) => port === wanted && other !== name)?.[0];
    if (twin !== undefined)
      throw new Fault(
        'INVALID_INPUT',
        `--${name}-port and --${twin}-port are both ${wanted}: choose another port for one of them`,
      );
    await requirePort(name, wanted);
    return wanted;
  }
  const port = usual[name];
  if (port === undefined) return await findFreePort();
  const rival = Object.entries(given).find(([, other]) => other === port)?.[0];
  const why = rival === undefined ? await whyUnusable(port) : `is that of --${rival}-port`;
  if (why === undefined) return port;
  const free = await findFreePort();
  note(`port ${port} ${why}: ${name} listens on ${free}`);
  return free;
}

/** @throws Fault RULE_VIOLATED that names the option of a name, if its port cannot be used. */
export async function requirePort(name: string, port: number): Promise<void> {
  await requireFreePort(port, `stop that program, or choose another port with --${name}-port`);
}
