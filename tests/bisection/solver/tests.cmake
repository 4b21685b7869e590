set(table ../../support/game_table.c ../../support/game_models.c ../../support/toy_program.c ../../support/toy_world.c)
crux_add_test(NAME solver_faults SOURCES test_solver_faults.c ${table})
crux_add_test(NAME solver_every_op SOURCES test_solver_faults.c ${table} ARGS --all LABELS exhaustive TIMEOUT 7200)
