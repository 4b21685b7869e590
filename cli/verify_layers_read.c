/* "3" or "0,7,29": which layers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify.h"

enum { LAYERS_MAX = 65536, DIGITS_MAX = 5 };

static enum crux_status refuse(char message[CRUX_CLI_MESSAGE_BYTES], const char *text) {
    (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES,
                   "--layers takes how many (3), or which (0,7,29; one: 7,), not '%.60s'", text);
    return CRUX_E_USAGE;
}

/* Returns: what follows the number; NULL if there is none. */
static const char *take_number(uint32_t *number, const char *text) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX) return NULL;
    *number = (uint32_t)strtoul(text, NULL, 10);
    return *number < LAYERS_MAX ? text + digits : NULL;
}

static int compare(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

enum crux_status crux_cli_layers_read(uint32_t **layers, uint32_t *count,
                                      char message[CRUX_CLI_MESSAGE_BYTES], const char *text) {
    const char *at = take_number(count, text);
    *layers = NULL;
    if (at == NULL) return refuse(message, text);
    if (*at == 0) return *count > 0 ? CRUX_OK : refuse(message, text);
    uint32_t *list = calloc(strlen(text), sizeof *list), taken = 0;
    if (list == NULL) {
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "no memory for the layers");
        return CRUX_E_OUT_OF_MEMORY;
    }
    for (at = text; at != NULL && *at != 0;) {
        at = take_number(&list[taken], at);
        if (at == NULL || (*at != ',' && *at != 0)) at = NULL;
        if (at != NULL && *at == ',') at++;
        taken++;
    }
    if (at == NULL) {
        free(list);
        return refuse(message, text);
    }
    qsort(list, taken, sizeof *list, compare);
    for (uint32_t i = 1; i < taken; i++) {
        if (list[i] != list[i - 1]) continue;
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "--layers names layer %u twice",
                       (unsigned)list[i]);
        free(list);
        return CRUX_E_USAGE;
    }
    *layers = list;
    *count = taken;
    return CRUX_OK;
}
