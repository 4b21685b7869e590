/* One world for each test of a program, made before it and removed after it. */
#ifndef CRUX_TESTS_EXECUTOR_SERVICE_SETTLE_SETTLE_CASE_H
#define CRUX_TESTS_EXECUTOR_SERVICE_SETTLE_SETTLE_CASE_H

#include "tests/executor/service/settle/settle_world.h"

extern struct settle_world world;

/* cmocka's setup and teardown. */
int settle_case_begin(void **state);
int settle_case_end(void **state);

/* In: number, of a run of the world. */
enum crux_store_state settle_case_state(uint64_t number);
struct crux_settle_figures settle_case_figures(void);
/* Lets time pass on the chain. */
void settle_case_advance(uint64_t seconds);

#endif
