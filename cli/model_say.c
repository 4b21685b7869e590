#include "cli/model_say.h"

#include <stdio.h>
#include <unistd.h>

void crux_cli_model_hex(char out[65], const uint8_t hash[32]) {
    for (size_t i = 0; i < 32; i++) (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

void crux_cli_model_progress(void *ctx, const char *what, uint64_t done, uint64_t all) {
    enum { WIDTH = 40 };
    char bar[WIDTH + 1];
    (void)ctx;
    if (isatty(STDERR_FILENO) == 0) return;
    uint64_t filled = all == 0 ? WIDTH : done / ((all + WIDTH - 1) / WIDTH);
    for (uint64_t i = 0; i < WIDTH; i++) bar[i] = i < filled || done == all ? '#' : '.';
    bar[WIDTH] = 0;
    (void)fprintf(stderr, "\r%-12s [%s]", what, bar);
}

void crux_cli_model_progress_end(void) {
    if (isatty(STDERR_FILENO) != 0) (void)fprintf(stderr, "\r%*s\r", 60, "");
}
