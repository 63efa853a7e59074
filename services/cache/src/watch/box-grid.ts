import type { Box } from '../domain/choice.ts';
import type { Location } from '../domain/profile.ts';

/** Boxes with more cells are looked at for each location. */
const MAX_CELLS = 64;

/** Boxes by the cells of one degree that they touch, so that a location is compared with those around it only. */
export class BoxGrid<Owner> {
  readonly #cells = new Map<number, Set<Owner>>();
  readonly #wide = new Set<Owner>();

  add(box: Box, owner: Owner): void {
    const cells = cellsOf(box);
    if (!cells) return void this.#wide.add(owner);
    for (const cell of cells) this.#cells.set(cell, (this.#cells.get(cell) ?? new Set()).add(owner));
  }

  remove(box: Box, owner: Owner): void {
    this.#wide.delete(owner);
    for (const cell of cellsOf(box) ?? []) {
      const owners = this.#cells.get(cell);
      owners?.delete(owner);
      if (owners?.size === 0) this.#cells.delete(cell);
    }
  }

  /** The owners of all boxes that may have a location. */
  *around({ latitudeDeg, longitudeDeg }: Location): Iterable<Owner> {
    yield* this.#wide;
    yield* this.#cells.get(cellAt(Math.floor(latitudeDeg), Math.floor(longitudeDeg))) ?? [];
  }
}

/** Whether a box is looked at for the locations around it only. */
export const isNarrow = (box: Box) => cellsOf(box) !== undefined;

const cellAt = (latitude: number, longitude: number) => (latitude + 90) * 361 + longitude + 180;

/** Undefined if there are too many. */
function cellsOf({ southDeg, westDeg, northDeg, eastDeg }: Box): readonly number[] | undefined {
  if (westDeg > eastDeg) {
    const [west, east] = [
      cellsOf({ southDeg, westDeg, northDeg, eastDeg: 180 }),
      cellsOf({ southDeg, westDeg: -180, northDeg, eastDeg }),
    ];
    return west && east && [...west, ...east];
  }
  const [rows, columns] = [count(southDeg, northDeg), count(westDeg, eastDeg)];
  if (rows * columns > MAX_CELLS) return undefined;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) =>
      cellAt(Math.floor(southDeg) + row, Math.floor(westDeg) + column),
    ),
  ).flat();
}

const count = (from: number, to: number) => Math.max(0, Math.floor(to) - Math.floor(from) + 1);
