import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As many as are worth loading before they are asked for. */
export const MAX_HOT = 10_000;

/** The vehicles that were asked for last, in a file, so that the next process can load them before they are asked for. */
export class HotSet {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A reader sees the old list or the new one. */
  async store(vehicleIds: Iterable<string>): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `${randomUUID()}.draft`);
    try {
      await writeFile(draft, JSON.stringify([...vehicleIds].slice(0, MAX_HOT)), {
        mode: 0o600,
      });
      await rename(draft, this.#file());
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Empty if there is none, or none that can be read. */
  async read(): Promise<readonly string[]> {
    try {
      const list: unknown = JSON.parse(await readFile(this.#file(), 'utf8'));
      return Array.isArray(list) ? list.filter((each) => typeof each === 'string').slice(0, MAX_HOT) : [];
    } catch {
      return [];
    }
  }

  #file(): string {
    return join(this.#folder, 'hot.json');
  }
}
