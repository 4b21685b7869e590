crux_add_test(NAME backends SOURCES test_backends.c question.c COST 6)
crux_add_test(NAME backend_select SOURCES test_select.c)
crux_add_test(NAME backend_prepare SOURCES test_prepare.c)
crux_add_test(NAME backend_squares SOURCES test_squares.c question.c)
