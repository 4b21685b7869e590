/* How many bytes each asker may be answered about claims and traces: so many a second, and eight seconds' worth at once.
 *
 *   left |\      /|\        a question is answered while something is left, and may leave less than nothing behind
 *        | \   /  | \
 *      0 |--\-/---|--\---
 *
 * A fixed number of askers is remembered, in groups by a secret key, so that nobody can choose whom to push out; one who is
 * forgotten begins anew, and so does who has as much as one can have. Pure: time and key are told. */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_ALLOWANCE_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CRUX_ALLOWANCE_ASKER_BYTES = 16,
    CRUX_ALLOWANCE_KEY_BYTES = 32,
    CRUX_ALLOWANCE_GROUPS = 256,
    CRUX_ALLOWANCE_PLACES = 8,  /* of a group */
    CRUX_ALLOWANCE_SECONDS = 8, /* that may be saved up */
    CRUX_ALLOWANCE_LEAST = 4096 /* bytes that a question counts for, however short the answer */
};

struct crux_allowance {
    double rate; /* bytes a second; 0: no limit */
    uint8_t key[CRUX_ALLOWANCE_KEY_BYTES];
    struct crux_allowance_place {
        uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES];
        double left, at; /* bytes at that time, in seconds */
        bool is_taken;
    } place[CRUX_ALLOWANCE_GROUPS][CRUX_ALLOWANCE_PLACES];
};

/* Out: allowance, of which everybody has all.  In: rate, as above; key, random bytes that nobody else knows. */
void crux_allowance_init(struct crux_allowance *allowance, double rate,
                         const uint8_t key[CRUX_ALLOWANCE_KEY_BYTES]);
/* Returns: seconds until something is left; 0: now.  In: now, in seconds of a clock that does not run back. */
double crux_allowance_wait(struct crux_allowance *allowance,
                           const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], double now);
/* Takes so many bytes, whatever is left. */
void crux_allowance_take(struct crux_allowance *allowance,
                         const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], uint64_t bytes,
                         double now);

#endif
