import { dataDirOf } from '@odograph/cluster/up-state';
import { projectRoot } from '@odograph/engines/project-paths';
import { visible } from '@odograph/kernel/visible';
import { note } from '../terminal/output.ts';
import { widthOf } from '../terminal/width.ts';
import { type FleetMoment, fleetFrame, type Size, summaryOf } from './fleet-frame.ts';
import { doctorHint, hintsFor, vehicleToName, whereOf } from './hints.ts';

/** Where people see the fleet. */
export interface Display {
  readonly everyMs: number;
  show(moment: FleetMoment): void;
  /** The last frame stays on the terminal. */
  leave(): void;
}

interface Shown {
  /** The data directory of the platform. */
  readonly dataDir: string;
  readonly ingest: string;
  readonly history: string;
  readonly cache: string;
  /** By the name of the service. */
  readonly metrics: Readonly<Record<string, string>>;
}

const REFRESH_MS = 1_000;
const LINE_EVERY_MS = 5_000;

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** A table that is refreshed in place on a terminal; elsewhere a line from time to time. */
export function createDisplay(shown: Shown): Display {
  return process.stdout.isTTY ? tableDisplay(process.stdout, shown) : lineDisplay();
}

function lineDisplay(): Display {
  return { everyMs: LINE_EVERY_MS, show: (moment) => note(summaryOf(moment)), leave: () => undefined };
}

function tableDisplay(terminal: NodeJS.WriteStream, shown: Shown): Display {
  let isFirst = true;
  let named: string | undefined;
  return {
    everyMs: REFRESH_MS,
    show: (moment) => {
      named = vehicleToName(moment, named);
      const foot = ['', ...addressLines(shown), ...hintLines(named, moment, shown)];
      const size = { columns: terminal.columns || 80, rows: terminal.rows || 24 };
      const lines = fleetFrame(moment, foot, size).map((line) => clearedAfter(visible(line), size));
      terminal.write(`${isFirst ? HIDE_CURSOR + CLEAR_ALL : ''}${HOME}${lines.join('\n')}${CLEAR_BELOW}`);
      isFirst = false;
    },
    leave: () => {
      if (!isFirst) terminal.write(`\n${SHOW_CURSOR}`);
    },
  };
}

/** At the end of a full row the cursor is still on its last character, which must stay. */
function clearedAfter(line: string, { columns }: Size): string {
  return line !== '' && widthOf(line) % columns === 0 ? line : line + CLEAR_LINE;
}

/** The checkout has the command; elsewhere npx would look for it in the registry of npm. */
function hintLines(
  vehicleId: string | undefined,
  { trouble }: FleetMoment,
  { cache, history, dataDir }: Shown,
): readonly string[] {
  const where = {
    cache: whereOf('cache', cache, dataDirOf({})),
    history: whereOf('history', history, dataDirOf({})),
  };
  const asked = hintsFor(vehicleId, where);
  const hints = trouble === undefined ? asked : [doctorHint(dataDir, dataDirOf({})), ...asked];
  return [`Ask it, in another terminal, in ${projectRoot}:`, ...hints.map((hint) => `  ${hint}`)];
}

function addressLines({ ingest, cache, history, metrics }: Shown): readonly string[] {
  const scraped = Object.entries(metrics).map(([name, endpoint]) => `${name} ${endpoint}`);
  return [
    `gRPC: reports ${ingest}, statuses ${cache}, history ${history}.`,
    ...(scraped.length > 0 ? [`Metrics: ${scraped.join(', ')} (http, /metrics).`] : []),
  ];
}
