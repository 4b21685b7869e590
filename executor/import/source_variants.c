/* What sources of either format say of their family beyond its shape, put into a decoder. */
#include <string.h>

#include "executor/import/lattice.h"
#include "executor/import/source_parts.h"

/* log2(e) * 2^31: scores are in log2 units, spec/50-fused.md#attention */
#define LOG2_E_Q31 INT64_C(3098164010)

enum { SCORE_BITS = 16, LOGIT_BITS = 16, CAP_MAX = 1 << 30, DIVISOR_BITS = 32 };

unsigned crux_source_gemma(const char *arch) {
    static const char *const names[] = {"gemma", "gemma2", "gemma3"};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(arch, names[i]) == 0) return i + 1;
    }
    return 0;
}

void crux_source_set_gemma(struct crux_model_source *source, unsigned gemma) {
    source->scale_embed = gemma != 0;
    if (gemma != 0) source->decoder.activation = CRUX_TABLE_GELU_TANH;
    source->decoder.post_norms = gemma >= 2;
}

bool crux_source_set_locals(struct crux_fused_decoder *decoder, const bool *local) {
    uint32_t first = 0; /* global block */
    while (first < decoder->blocks && local[first]) first++;
    decoder->global_every = first == decoder->blocks ? 0 : first + 1;
    if (decoder->global_every == 1) { /* all are global */
        decoder->window = 0;
        decoder->global_every = 0;
        first = 0;
    }
    for (uint32_t i = 0; i < decoder->blocks; i++) {
        if (local[i] != (decoder->window != 0 && !crux_fused_decoder_is_global(decoder, i)))
            return false;
    }
    return true;
}

/* round(cap * unit / 2^31); 0 if there cannot be such a cap.  In: unit, below 2^51. */
static int32_t cap_of(uint32_t bits, int64_t unit) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, bits) || f.mantissa <= 0 || f.exponent < -24 || f.exponent > 13)
        return 0;
    crux_i128 product = (crux_i128)f.mantissa * unit; /* below 2^24 * 2^51 */
    int64_t cap = f.exponent >= 0 ? crux_lattice_quotient(product << f.exponent, INT64_C(1) << 31)
                                  : crux_lattice_quotient(product, INT64_C(1) << (31 - f.exponent));
    return cap < 1 || cap >= CAP_MAX ? 0 : (int32_t)cap;
}

bool crux_source_score_cap(struct crux_fused_decoder *decoder, uint32_t bits) {
    decoder->softcap = bits == 0 ? 0 : cap_of(bits, LOG2_E_Q31 << SCORE_BITS);
    return bits == 0 || decoder->softcap != 0;
}

bool crux_source_logit_cap(struct crux_fused_decoder *decoder, uint32_t bits) {
    decoder->logit_cap = bits == 0 ? 0 : cap_of(bits, INT64_C(1) << (31 + LOGIT_BITS));
    return bits == 0 || decoder->logit_cap != 0;
}

bool crux_source_divisor(struct crux_fused_decoder *decoder, uint32_t bits) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, bits) || f.mantissa <= 0 || f.exponent < -DIVISOR_BITS ||
        f.exponent > 30)
        return false;
    crux_u128 divisor = (crux_u128)f.mantissa << (f.exponent + DIVISOR_BITS);
    if (divisor >> DIVISOR_BITS == 0 || divisor >> 62 != 0) return false;
    bool own = divisor == (crux_u128)decoder->head_width << DIVISOR_BITS;
    decoder->score_divisor = own ? 0 : (uint64_t)divisor;
    return true;
}
