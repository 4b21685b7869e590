crux_add_test(NAME game_frontier SOURCES test_frontier.c)
