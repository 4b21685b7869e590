/* Conditions whose waits end by the clock that nobody sets. */
#ifndef CRUX_EXECUTOR_SERVICE_CONDITION_H
#define CRUX_EXECUTOR_SERVICE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>

/* Out: condition, to be destroyed if true; its timed waits take CLOCK_MONOTONIC's times. */
bool condition_open(pthread_cond_t *condition);

#endif
