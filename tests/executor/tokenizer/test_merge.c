/* BPE against the plainest form of it, on random vocabularies: the heap and the scan must agree with it on every text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/executor/tokenizer/small.h"
#include "tests/support/random.h"

enum { LETTERS = 3, TOKENS_MAX = 60, TEXT_MAX = 120, VOCABULARIES = 60, TEXTS = 60 };

struct vocabulary {
    char text[TOKENS_MAX][16];
    uint8_t type[TOKENS_MAX];
    float score[TOKENS_MAX];
    struct crux_tokenizer_merge merge[TOKENS_MAX];
    uint32_t tokens, merges;
};

static uint32_t find(const struct vocabulary *v, const char *text, size_t len) {
    for (uint32_t i = 0; i < v->tokens; i++) {
        if (strlen(v->text[i]) == len && memcmp(v->text[i], text, len) == 0) return i;
    }
    return CRUX_TOKENIZER_NO_TOKEN;
}

/* Letters first, then tokens joined of two earlier ones; each is one merge. Scores with ties. */
static void make(struct vocabulary *v, struct crux_random *random) {
    memset(v, 0, sizeof *v);
    for (; v->tokens < LETTERS; v->tokens++) v->text[v->tokens][0] = (char)('a' + v->tokens);
    for (int tries = 0; tries < 400 && v->tokens < TOKENS_MAX; tries++) {
        uint32_t left = (uint32_t)crux_random_below(random, v->tokens);
        uint32_t right = (uint32_t)crux_random_below(random, v->tokens);
        char joined[32];
        size_t l = strlen(v->text[left]), r = strlen(v->text[right]);
        if (l + r >= sizeof v->text[0]) continue;
        memcpy(joined, v->text[left], l);
        memcpy(joined + l, v->text[right], r);
        if (find(v, joined, l + r) != CRUX_TOKENIZER_NO_TOKEN) continue;
        memcpy(v->text[v->tokens++], joined, l + r);
        v->merge[v->merges++] = (struct crux_tokenizer_merge){left, right};
    }
    for (uint32_t i = 0; i < v->tokens; i++) {
        v->type[i] = CRUX_TOKENIZER_NORMAL;
        v->score[i] = (float)crux_random_between(random, -9, 9) / 2;
    }
    /* Ranks in another order than tokens were made in. */
    for (uint32_t i = v->merges; i > 1; i--) {
        uint32_t j = (uint32_t)crux_random_below(random, i);
        struct crux_tokenizer_merge swap = v->merge[i - 1];
        v->merge[i - 1] = v->merge[j];
        v->merge[j] = swap;
    }
}

struct part {
    size_t at, len;
    uint32_t id;
};

/* Returns: whether these two may merge; *before, whether they come before what was best so far. */
static int better(const struct vocabulary *v, int by_score, const char *text, const struct part *l,
                  const struct part *r, double *best, uint32_t *made) {
    uint32_t id = find(v, text + l->at, l->len + r->len);
    double order = 0;
    if (id == CRUX_TOKENIZER_NO_TOKEN) return 0;
    if (by_score) {
        order = -(double)v->score[id];
    } else {
        uint32_t rank = 0;
        while (rank < v->merges &&
               (v->merge[rank].left != l->id || v->merge[rank].right != r->id)) {
            rank++;
        }
        if (rank == v->merges) return 0;
        order = rank;
    }
    if (order >= *best) return 0;
    *best = order;
    *made = id;
    return 1;
}

static size_t naive(const struct vocabulary *v, int by_score, const char *text, size_t len,
                    uint32_t out[TEXT_MAX]) {
    struct part part[TEXT_MAX];
    size_t count = len;
    for (size_t i = 0; i < len; i++) part[i] = (struct part){i, 1, find(v, text + i, 1)};
    for (;;) {
        double best = 1e9;
        uint32_t made = 0;
        size_t place = count;
        for (size_t i = 0; i + 1 < count; i++) {
            if (better(v, by_score, text, &part[i], &part[i + 1], &best, &made)) place = i;
        }
        if (place == count) break;
        part[place].len += part[place + 1].len;
        part[place].id = made;
        count--;
        memmove(&part[place + 1], &part[place + 2], (count - place - 1) * sizeof part[0]);
    }
    for (size_t i = 0; i < count; i++) out[i] = part[i].id;
    return count;
}

static struct crux_tokenizer *open_vocabulary(const struct vocabulary *v, int by_score) {
    const char *text[TOKENS_MAX];
    struct crux_tokenizer *t = NULL;
    for (uint32_t i = 0; i < v->tokens; i++) text[i] = v->text[i];
    struct crux_tokenizer_source *source =
        small_source(by_score ? CRUX_TOKENIZER_SENTENCE_BPE : CRUX_TOKENIZER_BYTE_BPE, v->tokens,
                     text, v->type, by_score ? v->score : NULL, by_score ? 0 : v->merges);
    if (!by_score) memcpy(source->merge, v->merge, v->merges * sizeof v->merge[0]);
    assert_int_equal(crux_tokenizer_open(&t, &source, NULL), CRUX_OK);
    return t;
}

static void equals_the_plainest(int by_score) {
    struct crux_random random = {(uint64_t)by_score + 4};
    static struct vocabulary v;
    for (int i = 0; i < VOCABULARIES; i++) {
        make(&v, &random);
        struct crux_tokenizer *t = open_vocabulary(&v, by_score);
        for (int k = 0; k < TEXTS; k++) {
            char text[TEXT_MAX + 1] = "";
            uint32_t want[TEXT_MAX];
            /* One letter for long stretches too: ties in rank, that the place decides. */
            unsigned stay = (unsigned)crux_random_between(&random, 1, 6);
            size_t len = (size_t)crux_random_below(&random, TEXT_MAX + 1);
            for (size_t at = 0; at < len; at++) {
                bool keeps = at > 0 && !crux_random_one_in(&random, stay);
                text[at] = keeps ? text[at - 1] : (char)('a' + crux_random_below(&random, LETTERS));
            }
            size_t count = naive(&v, by_score, text, len, want);
            small_expect(t, text, 0, count, want);
        }
        crux_tokenizer_close(t);
    }
}

static void by_rank(void **state) {
    (void)state;
    equals_the_plainest(0);
}

static void by_score(void **state) {
    (void)state;
    equals_the_plainest(1);
}

/* A million letters and a million spaces: nothing here may take the square of that. */
static void long_texts(void **state) {
    (void)state;
    enum { LONG = 1 << 20 };
    static char text[LONG];
    static struct vocabulary v;
    struct crux_random random = {7};
    make(&v, &random);
    for (int sort = 0; sort < 2; sort++) {
        struct crux_tokenizer *t = open_vocabulary(&v, sort);
        for (int k = 0; k < 2; k++) {
            struct crux_tokens out = {0};
            memset(text, k == 0 ? 'a' : ' ', sizeof text);
            assert_int_equal(crux_tokenizer_encode(t, &out, NULL, text, LONG, 0, NULL), CRUX_OK);
            crux_tokens_free(&out);
        }
        crux_tokenizer_close(t);
    }
}

/* Words that come again are taken from the cache: the same tokens as without it, which short texts do not have. */
static void words_that_come_again(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_bytes_json);
    struct crux_random random = {11};
    static const char *const word[] = {"ab", " abc", " a", "\n", "aaab", " cab", "c", "é", "zz"};
    struct crux_tokens whole = {0}, parts = {0};
    struct crux_text text = {0};
    size_t lost = 0, lost_parts = 0;
    for (int i = 0; i < 3000; i++) {
        /* Joined at line ends, where the rule cuts whatever follows. */
        for (int k = 0; k < 3; k++) {
            const char *w = word[crux_random_below(&random, CRUX_ARRAY_LEN(word))];
            assert_int_equal(crux_text_put(&text, w), CRUX_OK);
        }
        size_t begin = text.len;
        while (begin > 0 && text.bytes[begin - 1] != '|') begin--;
        size_t more = 0;
        assert_int_equal(
            crux_tokenizer_encode(t, &parts, &more, text.bytes + begin, text.len - begin, 0, NULL),
            CRUX_OK);
        lost_parts += more + 1;
        assert_int_equal(crux_text_put(&text, "|"), CRUX_OK);
    }
    assert_int_equal(crux_tokenizer_encode(t, &whole, &lost, text.bytes, text.len, 0, NULL),
                     CRUX_OK);
    assert_int_equal(whole.count, parts.count);
    assert_memory_equal(whole.id, parts.id, whole.count * sizeof whole.id[0]);
    assert_int_equal(lost, lost_parts);
    crux_tokens_free(&whole);
    crux_tokens_free(&parts);
    crux_text_free(&text);
    crux_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_rank),
        cmocka_unit_test(by_score),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(words_that_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
