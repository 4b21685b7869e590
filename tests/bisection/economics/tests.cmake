crux_add_test(NAME economics SOURCES test_economics.c)
