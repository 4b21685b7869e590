set(support ../../support/claimed_run.c ../../support/toy_program.c)

crux_add_test(NAME adjudicator_exhaustive SOURCES test_exhaustive.c ${support})
crux_add_test(NAME adjudicator_exhaustive_flips SOURCES test_exhaustive.c ${support} ARGS --all LABELS exhaustive
              TIMEOUT 7200)
crux_add_test(NAME adjudicator_lies SOURCES test_lies.c ${support})
crux_add_test(NAME adjudicator_corners SOURCES test_corners.c ../../support/corner_program.c ${support})
crux_add_test(NAME adjudicator_decoders
  SOURCES test_decoders.c ${support} ../../executor/engine/engine_fixture.c ../../support/random.c)
