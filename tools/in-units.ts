const SCALES: Readonly<Record<string, readonly (readonly [size: number, word: string])[]>> = {
  ms: [
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ],
  bytes: [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
  ],
};

/** The value in the largest unit that gives a whole number; empty if that is its own unit. */
export function inLargestUnit(value: number, unit: string): string {
  const scale = (SCALES[unit] ?? []).find(([size]) => value >= size && value % size === 0);
  return scale ? `${value / scale[0]} ${scale[1]}` : '';
}
