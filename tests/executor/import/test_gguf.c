/* The GGUF reader: what it reads, and what it refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/gguf.h"
#include "tests/support/gguf_writer.h"

static const uint64_t eight[1] = {8};
static const uint8_t zeros[64];

static void small(struct gguf_writer *w) {
    static const char *const words[] = {"a", "", "bcd"};
    gguf_begin(w);
    gguf_text(w, "general.architecture", "llama");
    gguf_u32(w, "count", 7);
    gguf_f32(w, "eps", 0.5F);
    gguf_texts(w, "words", words, 3);
    gguf_tensor(w, "second", CRUX_BLOCK_F32, 1, eight, zeros, 32);
    gguf_tensor(w, "first", CRUX_BLOCK_F16, 1, eight, zeros, 16);
}

static void reads_what_is_there(void **state) {
    struct gguf_writer w;
    struct crux_gguf gguf;
    struct crux_gguf_text text;
    struct crux_import_message message;
    uint32_t number = 0;
    bool flag;
    size_t len, at = 0;
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        small(&w);
        w.version = version;
        uint8_t *bytes = gguf_finish(&w, &len);
        assert_int_equal(crux_gguf_parse(&gguf, bytes, len, &message), CRUX_OK);
        assert_int_equal(gguf.version, version);
        assert_true(crux_gguf_u32(&gguf, "count", &number));
        assert_int_equal(number, 7);
        assert_true(crux_gguf_f32(&gguf, "eps", &number));
        assert_int_equal(number, 0x3f000000);
        assert_true(crux_gguf_text(&gguf, "general.architecture", &text));
        assert_true(text.len == 5 && memcmp(text.text, "llama", 5) == 0);
        assert_false(crux_gguf_u32(&gguf, "eps", &number));
        assert_false(crux_gguf_u32(&gguf, "words", &number));
        assert_false(crux_gguf_text(&gguf, "words", &text));
        assert_false(crux_gguf_bool(&gguf, "count", &flag));
        assert_null(crux_gguf_find(&gguf, "coun"));
        const struct crux_gguf_entry *words = crux_gguf_find(&gguf, "words");
        size_t lens[3] = {9, 9, 9}, i = 0;
        at = 0;
        while (crux_gguf_next_text(words, &at, &text)) lens[i++] = text.len;
        assert_true(i == 3 && lens[0] == 1 && lens[1] == 0 && lens[2] == 3);
        const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(&gguf, "first");
        assert_non_null(tensor);
        assert_true(tensor->len == 16 && tensor->dim[0] == 8 && tensor->dim[1] == 1);
        assert_true(tensor->bytes == bytes + len - 16);
        assert_null(crux_gguf_find_tensor(&gguf, "third"));
        crux_gguf_free(&gguf);
        free(bytes);
    }
}

static enum crux_status status_of(struct gguf_writer *w) {
    struct crux_gguf gguf;
    struct crux_import_message message = {.text = ""};
    size_t len;
    uint8_t *bytes = gguf_finish(w, &len);
    enum crux_status status = crux_gguf_parse(&gguf, bytes, len, &message);
    if (status != CRUX_OK) assert_true(message.text[0] != 0);
    crux_gguf_free(&gguf);
    free(bytes);
    return status;
}

static void refuses_what_contradicts_itself(void **state) {
    struct gguf_writer w;
    const uint64_t zero[1] = {0}, huge[4] = {1 << 20, 1 << 20, 1 << 20, 1 << 20}, seven[1] = {33};
    const uint64_t wide[1] = {1 << 20};
    (void)state;
    small(&w);
    w.version = 1;
    assert_int_equal(status_of(&w), CRUX_E_BAD_VERSION);
    small(&w);
    w.version = 4;
    assert_int_equal(status_of(&w), CRUX_E_BAD_VERSION);
    small(&w);
    gguf_u32(&w, "count", 8);
    assert_int_equal(status_of(&w), CRUX_E_DUPLICATE_NAME);
    small(&w);
    gguf_tensor(&w, "first", CRUX_BLOCK_F32, 1, eight, zeros, 32);
    assert_int_equal(status_of(&w), CRUX_E_DUPLICATE_NAME);
    small(&w);
    gguf_u32(&w, "general.alignment", 24);
    assert_int_equal(status_of(&w), CRUX_E_BAD_RANGE);
    small(&w);
    gguf_text(&w, "general.alignment", "32");
    assert_int_equal(status_of(&w), CRUX_E_BAD_RANGE);
    small(&w);
    gguf_tensor(&w, "none", CRUX_BLOCK_F32, 1, zero, zeros, 0);
    assert_int_equal(status_of(&w), CRUX_E_BAD_DIM);
    small(&w);
    gguf_tensor(&w, "huge", CRUX_BLOCK_F32, 4, huge, zeros, 32);
    assert_int_equal(status_of(&w), CRUX_E_BAD_DIM);
    small(&w);
    gguf_tensor(&w, "half a block", CRUX_BLOCK_Q8_0, 1, seven, zeros, 34);
    assert_int_equal(status_of(&w), CRUX_E_BAD_DIM);
    small(&w);
    gguf_tensor(&w, "beyond", CRUX_BLOCK_F32, 1, wide, zeros, 32);
    assert_int_equal(status_of(&w), CRUX_E_TRUNCATED);
    small(&w);
    w.tensor_count = UINT32_MAX;
    assert_int_equal(status_of(&w), CRUX_E_TOO_MANY_ELEMENTS);
    small(&w);
    w.entry_count = UINT32_MAX;
    assert_int_equal(status_of(&w), CRUX_E_TOO_MANY_ELEMENTS);
}

/* The last word of a tensor's description is its offset. */
static void refuses_offsets_that_lie(void **state) {
    static const uint64_t offsets[] = {1, 8, 64, UINT64_MAX - 31, UINT64_C(1) << 63, 0};
    static const enum crux_status expected[] = {CRUX_E_BAD_LAYOUT, CRUX_E_BAD_LAYOUT,
                                                CRUX_E_TRUNCATED,  CRUX_E_TRUNCATED,
                                                CRUX_E_TRUNCATED,  CRUX_E_BAD_LAYOUT};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(offsets); i++) {
        struct gguf_writer w;
        small(&w); /* the last tensor, 16 bytes, at 32 */
        crux_store_u64(w.tensors.p + w.tensors.len - 8, offsets[i]);
        assert_int_equal(status_of(&w), expected[i]);
    }
}

static void refuses_every_shorter_file(void **state) {
    struct gguf_writer w;
    struct crux_gguf gguf;
    size_t len;
    (void)state;
    small(&w);
    uint8_t *bytes = gguf_finish(&w, &len);
    for (size_t shorter = 0; shorter < len; shorter++) {
        uint8_t *copy = malloc(shorter + 1); /* so that a sanitizer sees reads beyond */
        memcpy(copy, bytes, shorter);
        assert_int_not_equal(crux_gguf_parse(&gguf, copy, shorter, NULL), CRUX_OK);
        crux_gguf_free(&gguf);
        free(copy);
    }
    free(bytes);
}

static void survives_every_flipped_bit(void **state) {
    struct gguf_writer w;
    struct crux_gguf gguf;
    size_t len, refused = 0;
    (void)state;
    small(&w);
    uint8_t *bytes = gguf_finish(&w, &len);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused += crux_gguf_parse(&gguf, bytes, len, NULL) != CRUX_OK;
        crux_gguf_free(&gguf);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(refused > 1000);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),
        cmocka_unit_test(refuses_what_contradicts_itself),
        cmocka_unit_test(refuses_offsets_that_lie),
        cmocka_unit_test(refuses_every_shorter_file),
        cmocka_unit_test(survives_every_flipped_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
