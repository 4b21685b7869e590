crux_add_test(NAME sampling SOURCES test_sampling.c)
crux_add_test(NAME engine_runner
  SOURCES test_runner.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_model_config
  SOURCES test_model_config.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_archive
  SOURCES test_archive.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_prefix
  SOURCES test_prefix.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_speculate
  SOURCES test_speculate.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_verify
  SOURCES test_verify.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_audit
  SOURCES test_audit.c audit_scene.c served_archive.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_audit_served
  SOURCES test_audit_served.c audit_scene.c served_archive.c engine_fixture.c ../../support/random.c)
crux_add_test(NAME engine_audit_ways
  SOURCES test_audit_ways.c audit_scene.c served_archive.c engine_fixture.c ../../support/random.c)
crux_add_fuzz(NAME served SOURCES fuzz_served.c)
crux_add_bench(NAME engine SOURCES bench_engine.c)
crux_add_test(NAME out_of_memory
  SOURCES test_out_of_memory.c ../../support/failing_malloc.c ../../support/corner_program.c
          ../../support/claimed_run.c ../../support/toy_program.c
  LIBS -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free)
crux_add_test(NAME engine_memory
  SOURCES test_engine_memory.c engine_fixture.c ../../support/random.c ../../support/failing_malloc.c
  LIBS -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free)
crux_add_test(NAME engine_threads SOURCES test_threads.c)
crux_add_test(NAME engine_demo_steps
  SOURCES test_demo_steps.c expanded_steps.c ../../support/random.c ../../support/temporary_folder.c
  LIBS crux_import m LABELS e2e)
crux_add_test(NAME engine_imported_experts
  SOURCES test_imported_experts.c expanded_steps.c ../../support/random.c ../../support/gguf_writer.c
          ../../support/temporary_folder.c
  LIBS crux_import m)
