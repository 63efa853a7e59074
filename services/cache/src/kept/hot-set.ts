import type { KeptFile } from './kept-file.ts';

/** As many as are worth loading before they are asked for. */
export const MAX_HOT = 10_000;

/** The vehicles that were asked for last, so that the next process can load them before they are asked for. */
export class HotSet {
  readonly #file: KeptFile;

  constructor(file: KeptFile) {
    this.#file = file;
  }

  async store(vehicleIds: Iterable<string>): Promise<void> {
    await this.#file.store([...vehicleIds].slice(0, MAX_HOT));
  }

  async read(): Promise<readonly string[]> {
    const list = await this.#file.read();
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string').slice(0, MAX_HOT) : [];
  }
}
