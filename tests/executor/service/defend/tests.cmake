crux_add_support(SOURCES defend_world.c)
crux_add_test(NAME service_defend SOURCES test_defend.c LIBS crux_service crux_chain COST 15)
crux_add_test(NAME service_disputed SOURCES test_disputed.c LIBS crux_service)
