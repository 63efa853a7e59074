/** A place an engine may be at: with the path of a binary to probe, or the reason why there is none. */
export type Candidate =
  | { readonly place: string; readonly path: string }
  | { readonly place: string; readonly path?: undefined; readonly why: string; readonly fix?: string };

/** How places are searched. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  /** Whether what is missing is installed; otherwise it is only said to be missing. */
  readonly mayInstall: boolean;
  /** Takes a line for people about something that takes a while. */
  readonly note: Note;
}

/** Takes a line for people. */
export type Note = (line: string) => void;

/** What is not there, and would be after `make setup`. */
export function notInstalled(place: string): Candidate {
  return { place, why: 'is not installed', fix: 'run make setup' };
}
