crux_add_test(NAME game_frontier SOURCES test_frontier.c)
crux_add_test(NAME game_memory SOURCES test_game_memory.c)

crux_add_test(NAME game_exhaustive SOURCES test_game_exhaustive.c)
crux_add_test(NAME game_parameters SOURCES test_game_parameters.c)
crux_add_test(NAME game_claims SOURCES test_game_claims.c one_table.c)
crux_add_test(NAME game_disputes SOURCES test_game_disputes.c one_dispute.c one_table.c)
crux_add_test(NAME game_narrowing SOURCES test_game_narrowing.c one_dispute.c one_table.c)
crux_add_test(NAME game_receipts SOURCES test_game_receipts.c one_table.c)
# A tenth of game_random_many; less where a sanitizer makes each game nine times as long.
set(random_games 10000)
if(CRUX_SANITIZE)
  set(random_games 700)
endif()
crux_add_test(NAME game_random
  SOURCES test_game_random.c random_network.c random_players.c random_receipts.c ARGS --games ${random_games} COST 30)
crux_add_test(NAME game_random_many OF game_random
  ARGS --games 100000 LABELS exhaustive TIMEOUT 7200)
crux_add_fuzz(NAME move SOURCES fuzz_move.c)
