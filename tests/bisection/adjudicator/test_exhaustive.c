/* Every element of every step of the toy program, at positions 0 to 8: consistent as it is, inconsistent as soon as it
 * is changed, and no bit of a witness can turn one finding into the other.
 *
 *   test_exhaustive          every element and its changes; bit flips of one element an op at every third position
 *   test_exhaustive --all    bit flips of every element, too
 * Under sanitizers a third of the elements and of the flips.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/claimed_run.h"

static struct claimed_run run;
static uint8_t witness[CRUX_WITNESS_BYTES_MAX];
static bool all_flips;
static unsigned long elements, changes, flips, padding_pages;
static size_t longest;

/* The element as the witness's output page has it, and where. */
struct place {
    size_t at;
    size_t page_start, page_bytes;
    unsigned dtype;
};

static const struct crux_op *op_of(const struct crux_element_id *id) {
    return &run.program.ops[run.program.layers[id->layer].first + id->op].op;
}

static bool is_store(const struct crux_element_id *id) {
    const struct crux_layer *layer = &run.program.layers[id->layer];
    return id->op >= layer->ops - layer->stores;
}

static void layout_of(struct crux_layout *layout, const struct crux_element_id *id) {
    const struct crux_op *op = op_of(id);
    uint32_t extent[CRUX_DIMS_MAX];
    for (unsigned i = 0; i < op->ndim; i++) {
        extent[i] = crux_dim_value(&op->dim[i], id->pos, CLAIMED_RUN_REQUEST_TOKENS);
    }
    if (is_store(id))
        crux_layout_record(layout, op->dtype, op->ndim, extent);
    else
        crux_layout_step(layout, op->dtype, op->ndim, op->dim, extent);
}

static struct place find(const struct crux_element_id *id, size_t witness_bytes) {
    struct crux_layout layout;
    struct place place;
    layout_of(&layout, id);
    uint64_t offset = crux_layout_offset(&layout, id->index);
    place.page_bytes = crux_layout_page_length(&layout, offset / layout.page_bytes);
    place.page_start = claimed_run_page_end(&run, id, witness, witness_bytes) - place.page_bytes;
    place.at = place.page_start + offset % layout.page_bytes;
    place.dtype = op_of(id)->dtype;
    return place;
}

/* The same element, had the executor committed `value` there: inconsistent. */
static void change_to(const struct crux_element_id *id, const struct place *place,
                      size_t witness_bytes, int64_t value) {
    struct crux_element_id changed = *id;
    enum crux_finding finding;
    int64_t old = crux_dtype_get(place->dtype, witness + place->at);
    uint8_t bytes[8];
    crux_dtype_put(bytes, place->dtype, value);
    if (crux_dtype_get(place->dtype, bytes) == old) return; /* no change in this dtype */
    crux_dtype_put(witness + place->at, place->dtype, value);
    crux_merkle_leaf_hash(changed.leaf_hash, witness + place->page_start, place->page_bytes);
    assert_int_equal(
        crux_adjudicate(&finding, run.evidence.claim, &changed, witness, witness_bytes), CRUX_OK);
    if (finding != CRUX_INCONSISTENT) {
        fail_msg("pos %u layer %u op %u index %llu: %lld passes for %lld", id->pos, id->layer,
                 id->op, (unsigned long long)id->index, (long long)value, (long long)old);
    }
    crux_dtype_put(witness + place->at, place->dtype, old);
    changes++;
}

/* spec/40: a flipped bit is an error or leaves the finding as it is. */
static void flip_bits(const struct crux_element_id *id, size_t witness_bytes,
                      enum crux_finding honest) {
    for (size_t bit = 0; bit < 8 * witness_bytes; bit++) {
        enum crux_finding finding;
        witness[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum crux_status status =
            crux_adjudicate(&finding, run.evidence.claim, id, witness, witness_bytes);
        if (status == CRUX_OK ? finding != honest : finding != CRUX_FINDING_NONE) {
            fail_msg("pos %u layer %u op %u index %llu: bit %zu turns the finding", id->pos,
                     id->layer, id->op, (unsigned long long)id->index, bit);
        }
        witness[bit / 8] ^= (uint8_t)(1 << bit % 8);
        flips++;
    }
}

static void cut_and_extend(const struct crux_element_id *id, size_t witness_bytes) {
    enum crux_finding finding;
    for (size_t len = 0; len < witness_bytes; len++) {
        assert_int_not_equal(crux_adjudicate(&finding, run.evidence.claim, id, witness, len),
                             CRUX_OK);
    }
    witness[witness_bytes] = 0;
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, id, witness, witness_bytes + 1),
                     CRUX_E_TRAILING_BYTES);
}

static void try_value(struct crux_element_id *id, bool flip) {
    size_t witness_bytes;
    enum crux_finding finding;
    enum crux_status status = claimed_run_try(&run, id, witness, &witness_bytes, &finding);
    if (status != CRUX_OK || finding != CRUX_CONSISTENT) {
        fail_msg("pos %u layer %u op %u (%s) index %llu: %s, finding %d", id->pos, id->layer,
                 id->op, run.program.ops[run.program.layers[id->layer].first + id->op].label,
                 (unsigned long long)id->index, crux_status_name(status), (int)finding);
    }
    if (witness_bytes > longest) longest = witness_bytes;
    struct place place = find(id, witness_bytes);
    int64_t v = crux_dtype_get(place.dtype, witness + place.at);
    change_to(id, &place, witness_bytes, (int64_t)((uint64_t)v + 1));
    change_to(id, &place, witness_bytes, (int64_t)((uint64_t)v - 1));
    change_to(id, &place, witness_bytes, (int64_t)(0 - (uint64_t)v));
    change_to(id, &place, witness_bytes, crux_dtype_lo(place.dtype));
    change_to(id, &place, witness_bytes, crux_dtype_hi(place.dtype));
    if (flip) {
        flip_bits(id, witness_bytes, CRUX_CONSISTENT);
        cut_and_extend(id, witness_bytes);
    }
    elements++;
}

/* Padding is consistent as committed; any byte of it set to something else is not. */
static void try_padding(struct crux_element_id *id, uint64_t page) {
    struct crux_element_id padding = *id;
    struct crux_layout layout;
    size_t witness_bytes;
    enum crux_finding finding;
    padding.kind = CRUX_ELEMENT_PADDING;
    padding.index = page;
    assert_int_equal(claimed_run_try(&run, &padding, witness, &witness_bytes, &finding), CRUX_OK);
    assert_int_equal(finding, CRUX_CONSISTENT);
    layout_of(&layout, &padding);
    uint32_t length = crux_layout_page_length(&layout, page);
    for (uint32_t i = 0; i < length; i++) {
        struct crux_element_id changed = padding;
        bool is_padding = crux_layout_is_padding(&layout, page * layout.page_bytes + i);
        witness[witness_bytes - length + i] ^= 0x40;
        crux_merkle_leaf_hash(changed.leaf_hash, witness + witness_bytes - length, length);
        assert_int_equal(
            crux_adjudicate(&finding, run.evidence.claim, &changed, witness, witness_bytes),
            CRUX_OK);
        assert_int_equal(finding, is_padding ? CRUX_INCONSISTENT : CRUX_CONSISTENT);
        witness[witness_bytes - length + i] ^= 0x40;
    }
    padding_pages++;
}

static void each_op(struct crux_element_id *id) {
    struct crux_layout layout;
    layout_of(&layout, id);
    uint64_t count = layout.rows * layout.row_elements;
    for (id->index = 0; id->index < count; id->index++) {
        bool flip = all_flips || ((id->pos + id->op) % (CRUX_SANITIZED ? 9 : 3) == 0 &&
                                  id->index == (id->pos * 5U + id->op) % count);
        if (CRUX_SANITIZED && !flip && (id->pos + id->index) % 3 != 0) continue;
        try_value(id, flip);
    }
    for (uint64_t page = 0; page < layout.pages; page++) try_padding(id, page);
}

static void test_every_element(void **state) {
    (void)state;
    uint32_t positions = crux_claim_positions(run.evidence.claim);
    assert_int_equal(positions, CLAIMED_RUN_REQUEST_TOKENS + CLAIMED_RUN_LIMIT - 1);
    for (uint32_t pos = 0; pos < positions; pos++) {
        for (uint32_t layer = 0; layer < run.program.header.layers; layer++) {
            if (!crux_layer_is_active(&run.program, layer, pos, CLAIMED_RUN_REQUEST_TOKENS))
                continue;
            for (uint32_t op = 0; op < run.program.layers[layer].ops; op++) {
                struct crux_element_id id = {
                    .kind = CRUX_ELEMENT_VALUE, .pos = pos, .layer = layer, .op = op};
                each_op(&id);
            }
        }
    }
    printf("%lu elements, %lu changes, %lu flipped bits, %lu pages of padding; longest witness %zu "
           "bytes\n",
           elements, changes, flips, padding_pages, longest);
}

static void test_every_claim_law(void **state) {
    (void)state;
    size_t witness_bytes;
    enum crux_finding finding;
    for (unsigned kind = CRUX_ELEMENT_CLOSE; kind <= CRUX_ELEMENT_DONE; kind++) {
        uint32_t count = kind >= CRUX_ELEMENT_OUTPUT ? run.evidence.claim->chosen_tokens : 1;
        for (uint32_t index = 0; index < count; index++) {
            struct crux_element_id id = {.kind = (uint8_t)kind, .index = index};
            assert_int_equal(claimed_run_try(&run, &id, witness, &witness_bytes, &finding),
                             CRUX_OK);
            assert_int_equal(finding, CRUX_CONSISTENT);
            flip_bits(&id, witness_bytes, CRUX_CONSISTENT);
            cut_and_extend(&id, witness_bytes);
        }
    }
}

static void test_every_null(void **state) {
    (void)state;
    uint32_t head = run.program.header.layers - 1;
    size_t witness_bytes;
    enum crux_finding finding;
    for (uint32_t pos = 0; pos + 1 < CLAIMED_RUN_REQUEST_TOKENS; pos++) {
        struct crux_element_id id = {.kind = CRUX_ELEMENT_NULL, .pos = pos, .layer = head};
        assert_int_equal(claimed_run_try(&run, &id, witness, &witness_bytes, &finding), CRUX_OK);
        assert_int_equal(finding, CRUX_CONSISTENT);
        flip_bits(&id, witness_bytes, CRUX_CONSISTENT);
        cut_and_extend(&id, witness_bytes);
        id.leaf_hash[pos] ^= 1;
        assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &id, witness, witness_bytes),
                         CRUX_OK);
        assert_int_equal(finding, CRUX_INCONSISTENT);
    }
}

static int setup(void **state) {
    (void)state;
    claimed_run_init(&run, NULL, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    claimed_run_free(&run);
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_element),
        cmocka_unit_test(test_every_claim_law),
        cmocka_unit_test(test_every_null),
    };
    all_flips = argc > 1 && strcmp(argv[1], "--all") == 0;
    return cmocka_run_group_tests(tests, setup, teardown);
}
