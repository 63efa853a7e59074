/** A place where an engine may be: the path of a binary to probe, or the reason why there is none. */
export type Candidate =
  | { readonly place: string; readonly path: string }
  | { readonly place: string; readonly path?: undefined; readonly why: string; readonly fix?: string };

/** How an engine is searched for. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  /** Whether a missing engine is installed; otherwise it is only reported as missing. */
  readonly mayInstall: boolean;
  /** Gets a line about each step that takes long. */
  readonly note: Note;
}

/** Prints or records a line for the user. */
export type Note = (line: string) => void;

/** A place that is empty until `make setup` installs the engine there. */
export function notInstalled(place: string): Candidate {
  return { place, why: 'is not installed', fix: 'run make setup' };
}
