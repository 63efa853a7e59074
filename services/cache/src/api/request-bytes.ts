/** The longest request warms 10,000 vehicles, or names 1,000 keys. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
