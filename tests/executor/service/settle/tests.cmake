crux_add_support(SOURCES settle_world.c)
crux_add_test(NAME service_settle SOURCES test_settle.c LIBS crux_service)
crux_add_test(NAME service_settle_trouble SOURCES test_settle_trouble.c LIBS crux_service)
crux_add_test(NAME service_settle_kill SOURCES test_settle_kill.c LIBS crux_service)
