/* Loads and stores at the end of a row: a whole vector, or what is `left`. Included by avx2.h and avx512.h. */
#ifndef CRUX_KERNELS_FUSED_VECTOR_UPTO_H
#define CRUX_KERNELS_FUSED_VECTOR_UPTO_H

CRUX_INLINE v32 v_load_upto(const int32_t *at, uint32_t left) {
    return CRUX_LIKELY(left >= V_LANES) ? v_load(at) : v_load_some(at, left);
}

CRUX_INLINE void v_store_upto(int32_t *at, v32 v, uint32_t left) {
    if (CRUX_LIKELY(left >= V_LANES))
        v_store(at, v);
    else
        v_store_some(at, v, left);
}

CRUX_INLINE v32 v_load16_upto(const int16_t *at, uint32_t left) {
    return CRUX_LIKELY(left >= V_LANES) ? v_load16(at) : v_load16_some(at, left);
}

CRUX_INLINE void v_store16_upto(int16_t *at, v32 v, uint32_t left) {
    if (CRUX_LIKELY(left >= V_LANES))
        v_store16(at, v);
    else
        v_store16_some(at, v, left);
}

#endif
