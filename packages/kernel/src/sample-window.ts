/**
 * Samples are stored by windows of event time, aligned to UTC, so the window of a sample depends on its time alone.
 * A query reads all documents of a window; two hours at one sample a second are about 70 kB.
 */
export const SAMPLE_WINDOW_MS = 2 * 60 * 60 * 1000;
