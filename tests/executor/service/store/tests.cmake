crux_add_test(NAME service_store
  SOURCES test_store.c ../settle/settle_world.c ../../../support/random.c ../../../support/temporary_folder.c
          ../../../support/game_table.c ../../../support/game_models.c ../../../support/toy_program.c
          ../../../support/toy_world.c
  LIBS crux_service "${CRUX_sqlite_LIBRARY}")
