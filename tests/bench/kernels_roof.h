/* What this machine can do at most: dots from registers, and reading memory. */
#ifndef CRUX_TESTS_BENCH_KERNELS_ROOF_H
#define CRUX_TESTS_BENCH_KERNELS_ROOF_H

#include <stddef.h>

/* Processor time of this thread. */
double kernels_seconds(void);

/* A backend's products of a 16-bit x with a weight when nothing but its dots is done, on registers, by one thread.
 * Returns: 10^9 a second; 0 if the backend has no such dots. */
double kernels_dot_peak(const char *backend);

/* Memory of `bytes`, in huge pages where the system has them, as the engine keeps its weights. Stops if there is none. */
void *kernels_room(size_t bytes);

/* More than any cache holds, read by `threads` threads at once. Returns: 10^9 bytes a second, of all together. */
double kernels_read_peak(unsigned threads);

#endif
