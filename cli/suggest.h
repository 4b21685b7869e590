/* The nearest of some names to a word that is none of them. */
#ifndef CRUX_CLI_SUGGEST_H
#define CRUX_CLI_SUGGEST_H

#include <stddef.h>

enum { CRUX_CLI_WORD_MAX = 32 /* longer words have no nearest name */ };

struct crux_cli_nearest {
    const char *word;
    size_t len;
    const char *name; /* name_len letters; NULL: none is near */
    size_t name_len;
    size_t distance;
};

void crux_cli_nearest_init(struct crux_cli_nearest *nearest, const char *word, size_t len);
/* Keeps `name` if it is near, and nearer than the one kept. */
void crux_cli_nearest_offer(struct crux_cli_nearest *nearest, const char *name, size_t len);

#endif
