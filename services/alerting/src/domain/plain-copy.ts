/** A deep copy of plain data: what JSON can write. Many times as fast as `structuredClone`, which keeps more. */
export function plainCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => plainCopy(each)) as T;
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = plainCopy(value[name]);
  return copy as T;
}
