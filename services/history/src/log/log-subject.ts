/** The subject of events about the log itself. No vehicle id can hold a slash, so no vehicle can pass for it. */
export const logSubjectId = (partition: number): string => `log/${partition}`;
