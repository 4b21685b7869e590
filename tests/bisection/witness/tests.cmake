crux_add_fuzz(NAME case SOURCES fuzz_case.c)
crux_add_fuzz(NAME adjudicator
  SOURCES ../adjudicator/fuzz_adjudicator.c ../../support/toy_world.c ../../support/toy_program.c)
