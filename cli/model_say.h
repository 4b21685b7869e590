/* What the commands about models share. */
#ifndef CRUX_CLI_MODEL_SAY_H
#define CRUX_CLI_MODEL_SAY_H

#include <stdint.h>

/* Lower-case hexadecimal and a zero. */
void crux_cli_model_hex(char out[65], const uint8_t hash[32]);

/* A bar on standard error, if that is a terminal. In: ctx, not looked at. */
void crux_cli_model_progress(void *ctx, const char *what, uint64_t done, uint64_t all);
/* Takes the bar away. */
void crux_cli_model_progress_end(void);

#endif
