#include "tests/bisection/game/one_table.h"

struct table_model model;
struct table_run run;
struct table table;

int one_table_set_up(void **state) {
    (void)state;
    table_model_init(&model, TABLE_LONG);
    table_run_init(&run, &model, NULL, 0);
    return 0;
}

int one_table_tear_down(void **state) {
    (void)state;
    table_run_free(&run);
    table_model_free(&model);
    return 0;
}

int one_table_deal(void **state) {
    (void)state;
    table_init(&table, NULL);
    table.checks_refusals = true;
    return 0;
}

int one_table_clear(void **state) {
    (void)state;
    table_free(&table);
    return 0;
}

void expect(unsigned sender, const struct crux_move *move, enum crux_status status) {
    assert_string_equal(crux_status_name(table_move(&table, sender, move)),
                        crux_status_name(status));
}

void expect_repeated(unsigned sender, const struct crux_move *move) {
    expect(sender, move, CRUX_OK);
    assert_true(table.out.repeated);
}
