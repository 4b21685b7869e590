crux_add_test(NAME toy_program SOURCES test_toy_program.c toy_program.c)
