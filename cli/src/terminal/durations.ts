const UNITS = [
  [86_400_000, 'days'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

/** A duration in its largest unit of which it has two or more, such as `40 s`, `12 min`, `3 h` or `4 days`. */
export function inWords(ms: number): string {
  for (const [unitMs, name] of UNITS) if (ms >= 2 * unitMs) return `${Math.floor(ms / unitMs)} ${name}`;
  return `${Math.round(ms / 1_000)} s`;
}
