/* Inside executor/import: rope scaling as a source describes it, whatever its format.
 *
 *   GGUF keys, config.json --read--> struct crux_source_rope --apply--> frequencies, divisor of scores
 *
 * spec/55-import.md#rope-scaling
 */
#ifndef CRUX_EXECUTOR_IMPORT_SOURCE_ROPE_H
#define CRUX_EXECUTOR_IMPORT_SOURCE_ROPE_H

#include "executor/import/source_parts.h"

enum crux_rope_kind {
    CRUX_ROPE_PLAIN,
    CRUX_ROPE_LINEAR,
    CRUX_ROPE_LLAMA3,
    CRUX_ROPE_YARN,
    CRUX_ROPE_LONG
};

/* Numbers as f32 bits; 0 where the source has none. */
struct crux_source_rope {
    enum crux_rope_kind kind;
    uint32_t factor;
    uint32_t low, high;        /* llama3: turns over the original positions */
    uint32_t fast, slow;       /* yarn: the same; 0: 32 and 1 */
    uint32_t scale, scale_all; /* yarn: mscale, mscale_all_dim; both or none */
    uint32_t attention; /* what q and k are multiplied by, in the place of the kind's own rule */
    uint32_t attention_more;     /* and what they are multiplied by besides */
    uint32_t original;           /* positions, a whole number */
    uint32_t positions;          /* that the model was made for, likewise */
    const uint8_t *short_factor; /* f32, little-endian, one a pair: longrope's */
    const uint8_t *long_factor;
    const uint8_t *divisors; /* of the frequencies, whatever the kind; NULL: none */
};

/* Returns: whether `kind` of that name is known. */
CRUX_MUST_CHECK
bool crux_source_rope_kind(enum crux_rope_kind *kind, const char *name, size_t len);

/* In/out: source, whose decoder has its shape and context; it gets rope_turns and score_divisor as needed.
 * Returns: CRUX_E_UNSUPPORTED with a message that begins with `who`; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_source_rope_apply(struct crux_model_source *source,
                                        const struct crux_source_rope *rope, const char *who,
                                        struct crux_import_message *message);

#endif
