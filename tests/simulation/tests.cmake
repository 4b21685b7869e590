set(check "${CRUX_TEST_DIR}/check_model.sh")
set(model "${CRUX_TEST_DIR}/game.pml")
crux_add_script_test(NAME game_model COMMAND ${check} ${model} NOT_SANITIZED)
# A model that cannot fail checks nothing: the reward out of nowhere, and an executor who is late though honest.
if(NOT CRUX_FUZZ AND NOT CRUX_SANITIZE)
  crux_add_script_test(NAME game_model_loses_value COMMAND ${check} ${model} "s/bond - REWARD;/bond;/")
  crux_add_script_test(NAME game_model_is_late COMMAND ${check} ${model} "s/ && !honest_executor -> exec/ -> exec/")
  set_tests_properties(game_model_loses_value game_model_is_late PROPERTIES WILL_FAIL ON)
endif()
