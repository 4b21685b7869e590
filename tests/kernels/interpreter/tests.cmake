crux_add_test(NAME interpreter SOURCES test_interpreter.c)
crux_add_test(NAME interpreter_run SOURCES test_run.c)
crux_add_test(NAME interpreter_generate SOURCES test_generate.c)
