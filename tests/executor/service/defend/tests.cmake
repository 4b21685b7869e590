set(world defend_world.c ../../engine/engine_fixture.c ../../../support/random.c
    ../../../chain-adapter/local/local_chain.c ../../../support/temporary_folder.c ../../../support/game_table.c
    ../../../support/game_models.c ../../../support/toy_program.c ../../../support/toy_world.c)
crux_add_test(NAME service_defend SOURCES test_defend.c ${world} LIBS crux_service crux_chain TIMEOUT 300)
crux_add_test(NAME service_disputed SOURCES test_disputed.c ../settle/settle_world.c ${world} LIBS crux_service)
