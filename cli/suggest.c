#include "cli/suggest.h"

#include "kernels/kernels.h"

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Letters to add, drop, change, or swap with their neighbour.  In: both at most CRUX_CLI_WORD_MAX long. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t row[3][CRUX_CLI_WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) row[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = before[j - 1] + (a[i - 1] != b[j - 1]);
            cost = least(cost, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost = least(cost, earlier[j - 2] + 1);
            now[j] = cost;
        }
    }
    return row[a_len % 3][b_len];
}

void crux_cli_nearest_init(struct crux_cli_nearest *nearest, const char *word, size_t len) {
    *nearest = (struct crux_cli_nearest){.word = word, .len = len};
    nearest->distance = 1 + len / 3; /* no nearer than this: another word */
}

void crux_cli_nearest_offer(struct crux_cli_nearest *nearest, const char *name, size_t len) {
    if (len > CRUX_CLI_WORD_MAX || nearest->len > CRUX_CLI_WORD_MAX) return;
    size_t d = distance(nearest->word, nearest->len, name, len);
    if (d < nearest->distance || (d == nearest->distance && nearest->name == NULL)) {
        nearest->name = name;
        nearest->name_len = len;
        nearest->distance = d;
    }
}
