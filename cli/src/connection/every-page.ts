/** A page of a list, as every paged answer has it. */
export interface Page {
  /** Empty: this is the last. */
  readonly nextPageToken: string;
}

/** Asks for page after page until the last. */
export async function* everyPage<P extends Page>(ask: (pageToken: string) => Promise<P>): AsyncGenerator<P> {
  for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
    const page: P = await ask(pageToken);
    yield page;
    pageToken = page.nextPageToken || undefined;
  }
}
