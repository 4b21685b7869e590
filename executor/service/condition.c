#include "executor/service/condition.h"

#include <time.h>

bool condition_open(pthread_cond_t *condition) {
    pthread_condattr_t how;
    if (pthread_condattr_init(&how) != 0) return false;
    bool done = pthread_condattr_setclock(&how, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(condition, &how) == 0;
    (void)pthread_condattr_destroy(&how);
    return done;
}
