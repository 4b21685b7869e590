# One binary a fused op: 1,000 random cases each time, 10,000 under the label exhaustive.
set(harness ../../support/fused_harness.c ../../support/random.c)
foreach(op quant_rows embed linear rmsnorm layernorm rope activation residual attention sample)
  crux_add_test(NAME fused_${op} SOURCES ${op}/test_${op}.c ${harness} ARGS --cases 1000)
  if(NOT CRUX_FUZZ)
    add_test(NAME fused_${op}_exhaustive COMMAND test_fused_${op} --cases 10000 --seed 1001)
    crux_set_test_properties(fused_${op}_exhaustive exhaustive 600)
  endif()
endforeach()
