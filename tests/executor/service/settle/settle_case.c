#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/executor/service/settle/settle_case.h"

struct settle_world world;

int settle_case_begin(void **state) {
    (void)state;
    settle_world_make(&world);
    return 0;
}

int settle_case_end(void **state) {
    (void)state;
    settle_world_remove(&world);
    return 0;
}

enum crux_store_state settle_case_state(uint64_t number) {
    struct crux_store_run *run = settle_world_find(&world, number);
    enum crux_store_state state = run->state;
    crux_store_run_free(run);
    return state;
}

struct crux_settle_figures settle_case_figures(void) {
    struct crux_settle_figures figures;
    assert_int_equal(crux_settle_figures(world.settle, &figures), CRUX_OK);
    return figures;
}

void settle_case_advance(uint64_t seconds) {
    assert_int_equal(world.chain.ops->advance(&world.chain, seconds), CRUX_OK);
}
