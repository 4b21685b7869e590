/* What every figure of crux bench is made of. */
#ifndef CRUX_CLI_BENCH_FIGURES_H
#define CRUX_CLI_BENCH_FIGURES_H

#include <stdint.h>

/* In: count, at least 1.  In/out: values, sorted then. */
double crux_cli_bench_median(double *values, unsigned count);

/* Returns: the most bytes that this process had resident so far. */
uint64_t crux_cli_bench_peak(void);

#endif
