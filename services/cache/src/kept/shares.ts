/** Of the memory of the process, for each type of value. */
export const SHARES = { status: 0.7, registration: 0.1, samples: 0.1, series: 0.1 } as const;
