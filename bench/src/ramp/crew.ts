/** So many members, each of whom lives by itself until it is sent away. */
export interface Crew {
  /** Lets members come, or sends the last ones away. */
  resize(size: number): void;
  /** Sends all away, and resolves once they have left. Throws what a member threw. */
  close(): Promise<void>;
}

/** @param live is a member's life; it ends soon after the signal is aborted. One that throws ends the process. */
export function createCrew(live: (member: number, signal: AbortSignal) => Promise<void>): Crew {
  const members: AbortController[] = [];
  const living = new Set<Promise<void>>();

  function resize(size: number): void {
    for (const leaving of members.splice(size)) leaving.abort();
    while (members.length < size) {
      const coming = new AbortController();
      const life = live(members.length, coming.signal).finally(() => living.delete(life));
      living.add(life);
      members.push(coming);
    }
  }

  return {
    resize,
    async close() {
      resize(0);
      await Promise.all(living);
    },
  };
}
