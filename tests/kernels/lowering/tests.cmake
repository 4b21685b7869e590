crux_add_test(NAME tables SOURCES test_tables.c LIBS m)
crux_add_test(NAME split SOURCES test_split.c)
