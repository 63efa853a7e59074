/**
 * How V8 is to run a service, to stand on the command line before its start file.
 *
 * A service makes garbage by the gigabyte and keeps little: left alone, V8 lets the heap grow to a multiple of what lives
 * before it collects. A heap that grows by a third at a time, and a smaller nursery, halve the memory for a tenth of
 * processor time when flat out, and nothing that can be measured below that. There is no hard bound: a service that is
 * given more partitions may take more. docs/decisions/008 has the figures.
 */
export const NODE_FLAGS: readonly string[] = ['--heap-growing-percent=30', '--max-semi-space-size=8'];
