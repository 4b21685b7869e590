set(world settle_world.c ../../../support/temporary_folder.c ../../../support/game_table.c
    ../../../support/game_models.c ../../../support/toy_program.c ../../../support/toy_world.c)
crux_add_test(NAME service_settle SOURCES test_settle.c ${world} LIBS crux_service)
crux_add_test(NAME service_settle_trouble SOURCES test_settle_trouble.c ${world} LIBS crux_service)
crux_add_test(NAME service_settle_kill SOURCES test_settle_kill.c ${world} ../../../support/random.c LIBS crux_service)
