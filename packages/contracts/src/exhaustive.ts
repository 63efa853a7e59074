/** Compiles only if `Missing` is `never`; otherwise the compiler's message lists the missing names. */
export function assertNoneMissing<_Missing extends never>(): void {
  // The check is in the type.
}
