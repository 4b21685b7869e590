# One binary a fused op: 1,000 random cases each time, 10,000 under the label exhaustive.
foreach(op quant_rows embed linear rmsnorm layernorm rope activation residual attention sample)
  crux_add_test(NAME fused_${op} SOURCES ${op}/test_${op}.c ARGS --cases 1000)
  crux_add_test(NAME fused_${op}_exhaustive OF fused_${op} ARGS --cases 10000 --seed 1001 LABELS exhaustive TIMEOUT 600)
endforeach()

foreach(op route expert_linear mix)
  crux_add_test(NAME fused_${op} SOURCES experts/test_${op}.c ARGS --cases 1000)
  crux_add_test(NAME fused_${op}_exhaustive OF fused_${op} ARGS --cases 10000 --seed 1001 LABELS exhaustive TIMEOUT 600)
endforeach()

crux_add_test(NAME fused_decoder SOURCES decoder/test_decoder.c decoder/plain_decoder.c ARGS --cases 60)
crux_add_test(NAME fused_decoder_exhaustive OF fused_decoder ARGS --cases 1000 --seed 1001 LABELS exhaustive TIMEOUT 600)

crux_add_test(NAME fused_sample_sets SOURCES sample/test_sample_sets.c)
crux_add_test(NAME fused_sample_chance SOURCES sample/test_sample_chance.c LIBS m COST 6)
crux_add_test(NAME fused_certified SOURCES test_certified.c)
crux_add_test(NAME fused_decoder_named SOURCES decoder/test_decoder_named.c COST 30)
crux_add_test(NAME fused_attention_block SOURCES attention/test_attention_block.c)
crux_add_test(NAME fused_attention_meaning SOURCES attention/test_attention_meaning.c LIBS m)
crux_add_test(NAME fused_norm_accuracy SOURCES norm/test_norm_accuracy.c LIBS m)
crux_add_test(NAME fused_finish_rows SOURCES linear/test_finish_rows.c)
crux_add_test(NAME fused_kernels SOURCES test_kernels.c)
