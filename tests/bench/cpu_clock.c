/* A clock that stands still while others use the processor, for benches on a machine that is shared: preloaded into a
 * program with one thread, it gives the program's own processor time wherever the program asks for time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "clock_gettime");
        memcpy(&real, &found, sizeof real);
    }
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME) clock = CLOCK_PROCESS_CPUTIME_ID;
    return real(clock, now);
}
