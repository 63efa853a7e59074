/**
 * How V8 is to run a service, to stand on the command line before its start file.
 *
 * A service makes garbage by the gigabyte and keeps little: left alone, V8 lets the heap grow to a multiple of what lives
 * before it collects. A heap that grows by 60 % at a time takes a quarter to a half less memory and no time that can be
 * measured. There is no hard bound: a service that is given more partitions may take more. docs/decisions/008 has the figures.
 */
export const NODE_FLAGS: readonly string[] = ['--heap-growing-percent=60', '--max-semi-space-size=16'];
