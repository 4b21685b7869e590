crux_add_fuzz(NAME case SOURCES fuzz_case.c)
crux_add_fuzz(NAME adjudicator
  SOURCES ../adjudicator/fuzz_adjudicator.c)
