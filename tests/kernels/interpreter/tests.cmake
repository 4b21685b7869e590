set(toy ../../support/toy_program.c)
crux_add_test(NAME interpreter SOURCES test_interpreter.c ../../support/random.c)
crux_add_test(NAME interpreter_run SOURCES test_run.c ${toy})
crux_add_test(NAME interpreter_generate SOURCES test_generate.c ${toy})
