crux_add_test(NAME service_store SOURCES test_store.c LIBS crux_service "${CRUX_sqlite_LIBRARY}" COST 6)
