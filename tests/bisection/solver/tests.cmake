crux_add_test(NAME solver_faults SOURCES test_solver_faults.c)
crux_add_test(NAME solver_every_op OF solver_faults ARGS --all LABELS exhaustive TIMEOUT 7200)
