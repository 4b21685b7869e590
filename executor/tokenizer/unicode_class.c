#include "executor/tokenizer/unicode_class.h"

#include "kernels/kernels.h"

enum crux_unicode_class crux_unicode_class(uint32_t code) {
    CRUX_ASSERT(code >= 0x80 && code <= 0x10FFFF);
    uint32_t low = 0, high = crux_unicode_class_entries;
    /* The last entry at or before it: the first entry is U+0080. */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (crux_unicode_class_table[middle] >> 4 <= code) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (enum crux_unicode_class)(crux_unicode_class_table[low] & 0xF);
}
