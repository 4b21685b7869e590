/* How many bytes each asker may be answered about claims and traces: so many a second, and eight seconds' worth at once.
 *
 *   left |\      /|\        a question is answered while something is left, and may leave less than nothing behind
 *        | \   /  | \
 *      0 |--\-/---|--\---
 *
 * A fixed number of askers is remembered; one who is forgotten begins anew, and so does who has as much as one can have.
 * Pure: the time is told. */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_ALLOWANCE_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CRUX_ALLOWANCE_ASKER_BYTES = 16,
    CRUX_ALLOWANCE_GROUPS = 256,
    CRUX_ALLOWANCE_PLACES = 8,  /* of a group */
    CRUX_ALLOWANCE_SECONDS = 8, /* that may be saved up */
    CRUX_ALLOWANCE_LEAST = 4096 /* bytes that a question counts for, however short the answer */
};

struct crux_allowance {
    double rate; /* bytes a second; 0: no limit */
    struct crux_allowance_place {
        uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES];
        double left, at; /* bytes at that time, in seconds */
        bool is_taken;
    } place[CRUX_ALLOWANCE_GROUPS][CRUX_ALLOWANCE_PLACES];
};

/* Returns: seconds until something is left; 0: now.  In: now, in seconds of a clock that does not run back. */
double crux_allowance_wait(struct crux_allowance *allowance,
                           const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], double now);
/* Takes so many bytes, whatever is left. */
void crux_allowance_take(struct crux_allowance *allowance,
                         const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], uint64_t bytes,
                         double now);

#endif
