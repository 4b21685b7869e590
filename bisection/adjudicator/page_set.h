/* The pages of one part of a witness: which ones the law asks for, then their bytes, then whether they are committed.
 * Ascending by (tensor, leaf), each once: the order in which they stand in the witness. */
#ifndef CRUX_BISECTION_ADJUDICATOR_PAGE_SET_H
#define CRUX_BISECTION_ADJUDICATOR_PAGE_SET_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_PART_PAGES_MAX = 64 };

struct crux_page {
    uint32_t tensor;
    uint64_t leaf;
    uint64_t leaf_count; /* of the tensor's tree */
    uint32_t length;
    const uint8_t *bytes; /* NULL until read */
};

struct crux_page_set {
    struct crux_page page[CRUX_PART_PAGES_MAX];
    uint32_t count;
    enum crux_status
        status; /* sticky: CRUX_E_TOO_MANY_LEAVES, or CRUX_E_BAD_VIEW if two operands see one tensor
                                with different leaves (only a program without a certificate does) */
};

void crux_page_set_init(struct crux_page_set *set);
void crux_page_set_add(struct crux_page_set *set, const struct crux_page *page);

/* Returns: the page, NULL if it is not in the set. */
const struct crux_page *crux_page_set_find(const struct crux_page_set *set, uint32_t tensor,
                                           uint64_t leaf);

/* Takes the bytes of all pages from the cursor. */
void crux_page_set_take(struct crux_page_set *set, struct crux_cursor *cursor);

/* All pages of one tensor's tree.  Returns: CRUX_OK, or `refusal` if the siblings do not lead to root. */
CRUX_MUST_CHECK
enum crux_status crux_page_set_verify(const struct crux_page_set *set, const uint8_t root[32],
                                      struct crux_cursor *siblings, enum crux_status refusal);

/* Pages of several tensors, whose roots are the outer leaves of a tree of outer_count.
 * spec/30-commitment.md#proofs: "first, for each inner tree in ascending order, its siblings; then the siblings of the outer tree" */
CRUX_MUST_CHECK
enum crux_status crux_page_set_verify_nested(const struct crux_page_set *set, uint64_t outer_count,
                                             const uint8_t outer_root[32],
                                             struct crux_cursor *siblings,
                                             enum crux_status refusal);

#endif
