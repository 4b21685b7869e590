/* One table for the tests of the game's rules, with an honest run of TABLE_LONG: dealt anew for each test. */
#ifndef CRUX_TESTS_BISECTION_GAME_ONE_TABLE_H
#define CRUX_TESTS_BISECTION_GAME_ONE_TABLE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/support/game_table.h"

enum { START = 1000000 }; /* what each account has */

extern struct table_model model;
extern struct table_run run;
extern struct table table; /* compares all memory before and after a refused move */

/* Of the group, and of each test. */
int one_table_set_up(void **state);
int one_table_tear_down(void **state);
int one_table_deal(void **state);
int one_table_clear(void **state);

void expect(unsigned sender, const struct crux_move *move, enum crux_status status);
/* The move has been made already. */
void expect_repeated(unsigned sender, const struct crux_move *move);

#endif
