import { fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../report/measure.ts';
import type { MachineProbe } from '../report/run-record.ts';

const FSYNCS = 200;
/** About what JetStream and MongoDB write at once. */
const BLOCK_BYTES = 16 * 1024;
const CORE_ROUNDS = 5;
const CORE_ROUND_MS = 100;

/** What the machine can do now: the same hardware differs from hour to hour, and with what else runs on it. Takes a second. */
export function probeMachine(): MachineProbe {
  return { fsyncMs: round(fsyncMs()), jsonMibPerSecond: round(jsonMibPerSecond()) };
}

/** The median time to append a block to a file and to have it on disk. */
function fsyncMs(): number {
  const directory = mkdtempSync(join(tmpdir(), 'odograph-probe-'));
  try {
    const file = openSync(join(directory, 'probe'), 'w');
    const block = Buffer.alloc(BLOCK_BYTES, 1);
    return median(
      Array.from({ length: FSYNCS }, () => {
        const startMs = performance.now();
        writeSync(file, block);
        fdatasyncSync(file);
        return performance.now() - startMs;
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** How fast one core writes and reads JSON: work like that of the services, and little else. */
function jsonMibPerSecond(): number {
  const document = Array.from({ length: 500 }, (_, at) => ({ id: `report-${at}`, at, speed: at / 7 }));
  const mib = JSON.stringify(document).length / 1_024 ** 2;
  const roundRate = () => {
    const startMs = performance.now();
    let count = 0;
    for (; performance.now() - startMs < CORE_ROUND_MS; count += 1) JSON.parse(JSON.stringify(document));
    return (count * mib * 1_000) / (performance.now() - startMs);
  };
  roundRate(); // Compiles it.
  return median(Array.from({ length: CORE_ROUNDS }, roundRate));
}

const round = (value: number): number => Number(value.toPrecision(3));
