crux_add_test(NAME tables SOURCES test_tables.c LIBS m)
