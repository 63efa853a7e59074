/**
 * Runs what needs MongoDB, for a caller: OVERLOADED when no connection is free in time, UNAVAILABLE when it is away.
 */
export type RunOnMongo = <T>(work: () => Promise<T>) => Promise<T>;
