/** A place an engine may be at: with the path of a binary to probe, or the reason why there is none. */
export type Candidate =
  | { readonly place: string; readonly path: string }
  | { readonly place: string; readonly path?: undefined; readonly why: string; readonly fix?: string };

/** Takes a line for people about something that takes a while. */
export type Report = (line: string) => void;
