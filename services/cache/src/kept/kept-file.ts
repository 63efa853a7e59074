import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a process leaves for the next one, as JSON in a file. */
export class KeptFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** A reader sees what was there before, or all of it. */
  async store(content: unknown): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${randomUUID()}.draft`;
    try {
      await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Undefined if there is none, or none that can be read: the next process can do without. */
  async read(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
  }
}
