crux_add_test(NAME engine_runner
  SOURCES test_runner.c engine_fixture.c ../../support/random.c)
