/**
 * Writes docs/signals.md from the table of signals.
 */
import { KNOWN_SIGNALS, type KnownSignal } from '@odograph/kernel/signal';
import { writeOrCheck } from '../generated.ts';

const HEAD = `# Signals

These signals have a field of their own in \`proto/odograph/telemetry/v1/signals.proto\`.
The name is the same everywhere: in the contracts, in NDJSON, on the command line and in answers.
A report sends any other signal in \`others\`, by its path in the COVESA Vehicle Signal Specification (VSS).

This page is generated from \`packages/kernel/src/signal.ts\` by \`make generate\`.
`;

const BOUNDS = `## Units and bounds

Both bounds are believed.
A value beyond them is set aside with the finding \`OUT_OF_RANGE\` ([bad input](bad-input.md)); the rest of the report is accepted.
`;

const RESOLUTION = `## Resolution

The smallest step in which vehicles measure a signal, for example to choose the number of digits to show.
Odograph does not round: it stores each number as it was sent, as a 64-bit float.
`;

const SENTINELS = `## Sentinels

A sentinel is within the bounds, but it is not a measurement.
It is set aside with the finding \`SENTINEL\`, and so is every value at most half a step from it: what a sender rounds.
Speeds from 255.998 to 256 km/h are believed, although SAE J1939 reserves them: a fast car reaches them.
A longitude of 0 is believed, because it is Greenwich; a receiver without a fix has both at 0, and its latitude says so.
Latitude and longitude belong together: if one of them is set aside, the other is set aside too, with the finding \`POSITION_INCOMPLETE\`.
`;

type Row = readonly (string | number)[];

const signals = Object.entries<KnownSignal>(KNOWN_SIGNALS);
const numbers = signals.flatMap(([name, signal]) => (signal.kind === 'number' ? [{ name, ...signal }] : []));

function boundsRow([name, signal]: readonly [string, KnownSignal]): Row {
  const { kind, vssPath } = signal;
  const [unit, bounds] =
    signal.kind === 'number' ? [signal.unit, `${signal.min} to ${signal.max}`] : ['', ''];
  return [`\`${name}\``, kind, unit, bounds, `\`${vssPath}\``];
}

function resolutionRows(): readonly Row[] {
  return numbers.flatMap(({ name, resolution }) =>
    resolution === undefined ? [] : [[`\`${name}\``, resolution.step, resolution.source]],
  );
}

function sentinelRows(): readonly Row[] {
  return numbers.flatMap(({ name, sentinels }) =>
    sentinels.map(({ value, means, source }) => [`\`${name}\``, value, means, source]),
  );
}

function table(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [columns, columns.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const fresh = [
  HEAD,
  `${BOUNDS}\n${table(['signal', 'type', 'unit', 'bounds', 'VSS path'], signals.map(boundsRow))}`,
  `${RESOLUTION}\n${table(['signal', 'step', 'source'], resolutionRows())}`,
  `${SENTINELS}\n${table(['signal', 'value', 'means', 'source'], sentinelRows())}`,
].join('\n');

writeOrCheck('docs/signals.md', fresh);
