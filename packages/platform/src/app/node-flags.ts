/**
 * Flags of Node for a service, to put before its start file on the command line.
 *
 * By default V8 lets the heap grow to a multiple of the live objects before it collects. With the first two flags a service
 * takes a quarter to a half less memory in the same time. By default V8 also guesses which objects will live long, and wrongly
 * of reports that wait for disk: in some runs a report then costs half as much again. docs/decisions/008 has the figures.
 */
export const NODE_FLAGS: readonly string[] = [
  '--heap-growing-percent=60',
  '--max-semi-space-size=16',
  '--no-allocation-site-pretenuring',
];
