crux_add_test(NAME game_frontier SOURCES test_frontier.c)

set(table ../../support/game_table.c ../../support/game_models.c ../../support/toy_program.c ../../support/toy_world.c)
crux_add_test(NAME game_exhaustive SOURCES test_game_exhaustive.c ${table})
