crux_add_test(NAME engine_runner
  SOURCES test_runner.c engine_fixture.c ../../support/random.c)
crux_add_bench(NAME engine SOURCES bench_engine.c)
