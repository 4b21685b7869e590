/* YaRN: pairs that turn often over the original positions keep their frequency, those that turn seldom are divided by a
 * factor, and a straight line lies between.
 *
 *   pair  0 ....... low ........... high ....... dims/2 - 1
 *   f     f         f*(..)          f / factor
 *
 * Which pair has turned how often is read off the frequencies themselves, so that no logarithm is needed: the published
 * floor(dims * ln(positions / (2 pi fast)) / (2 ln base)) is the last pair with positions * f >= fast turns. */
#include "executor/import/lattice.h"
#include "executor/import/source_parts.h"

/* Has pair number `pair` turned at least `turns` (times 2^20) over the positions? Pairs go on beyond the head. */
static bool turns_as_often(uint32_t pair, int64_t turns, uint32_t positions, uint32_t base,
                           uint32_t dims) {
    /* below 2^64 * 2^24 * 2^20 */
    crux_u128 have = (crux_u128)crux_fixed_turns(base, 2 * pair, dims) * positions << 20;
    return have >= (crux_u128)turns << 64;
}

/* spec/55-import.md#rope-scaling */
enum crux_status crux_rope_yarn(uint64_t *turns, uint32_t factor, uint32_t fast, uint32_t slow,
                                uint32_t positions, uint32_t base, uint32_t dims) {
    int64_t a = crux_rope_twentieths(factor), often = crux_rope_twentieths(fast),
            seldom = crux_rope_twentieths(slow), one = 1 << 20;
    int64_t low = 0, high = 0;
    if (a < one || a > one << 10 || seldom <= 0 || often < seldom) return CRUX_E_BAD_RANGE;
    while (low < dims && turns_as_often((uint32_t)low, often, positions, base, dims)) low++;
    while (high < dims - 1 && turns_as_often((uint32_t)high, seldom, positions, base, dims)) high++;
    if (low > 0) low--; /* the last that does */
    /* less than one turn of the fastest pair: nothing that anybody trained on */
    if (high == 0 || high < low) return CRUX_E_BAD_RANGE;
    for (uint32_t i = 0; i < dims / 2; i++) {
        int64_t width = high - low, way = (int64_t)i - low;
        if (way <= 0) continue;
        if (way >= width) way = width = 1;
        /* f * (way + (width - way) * a) / (width * a): below 2^64 * 2^8 * 2^30 */
        crux_u128 top = (crux_u128)turns[i] * (uint64_t)(way * one + (width - way) * a);
        crux_u128 bottom = (crux_u128)(width * a);
        turns[i] = (uint64_t)((top + bottom / 2) / bottom);
    }
    return CRUX_OK;
}
