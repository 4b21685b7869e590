/* How people say sampling parameters and seeds, as a request holds them: without floating point, the same on every
 * machine, and the same for the command line and for HTTP.   spec/86-http.md#sampling */
#ifndef CRUX_EXECUTOR_ENGINE_SAMPLING_H
#define CRUX_EXECUTOR_ENGINE_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "kernels/kernels.h"

/* Out: value, text * 65536, rounded half up.  In: text, digits with at most one point among them, "0.7" or "1".
 * Returns: false for anything else, or a number of 32768 or more. */
bool crux_sampling_q16(int32_t *value, const char *text);

/* Out: the parameters of a request that says nothing: always the likeliest token, no cuts, no penalty. */
void crux_sampling_plain(int32_t param[CRUX_PARAMS]);

/* Sets a parameter that is a decimal: any but top_k.  Out: *range, its limits, may be NULL.
 * Returns: false for a text that is none, or is outside its range; param is then as it was. */
bool crux_sampling_set(int32_t param[CRUX_PARAMS], enum crux_sample_param which, const char *text,
                       struct crux_sample_range *range);

/* Out: the 32 bytes of a seed that is given as a number: little-endian, two's complement, then zeros. */
void crux_sampling_seed(uint8_t seed[32], uint64_t number);

#endif
