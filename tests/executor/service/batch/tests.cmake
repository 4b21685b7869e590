crux_add_test(NAME service_batcher
  SOURCES test_batcher.c ../../engine/engine_fixture.c ../../../support/random.c
  LIBS crux_service)
