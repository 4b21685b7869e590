/* A claim, and what its executor would serve of it, in a file: so that who checks it holds none of it in memory.
 *
 *   | output tokens u32 | trace leaves, CLOSE the last | records of layer 0, by position | of layer 1 | ... */
#ifndef CRUX_CLI_BENCH_SERVED_H
#define CRUX_CLI_BENCH_SERVED_H

#include "executor/engine/engine.h"

struct crux_cli_bench_served {
    int fd;
    struct crux_claim claim;
    /* of crux_cli_bench_serve */
    const struct crux_program *program;
    uint8_t *bytes;
    size_t cap;
    uint64_t read; /* bytes served so far */
};

/* Computes the run once more, and writes the file.  In: fd, claim; tokens, of the request and of the output. */
CRUX_MUST_CHECK
enum crux_status crux_cli_bench_write(struct crux_cli_bench_served *file,
                                      const struct crux_engine_loaded *loaded, unsigned threads,
                                      const uint32_t *request, const uint32_t *output);

/* Out: output, claim.chosen_tokens of them. */
CRUX_MUST_CHECK
enum crux_status crux_cli_bench_output(const struct crux_cli_bench_served *file, uint32_t *output);

/* Out: served, of every claim the one in the file.  In: file, which outlives it, to be freed with
 * crux_cli_bench_served_free; program, of the model. */
void crux_cli_bench_serve(struct crux_engine_served *served, struct crux_cli_bench_served *file,
                          const struct crux_program *program);
void crux_cli_bench_served_free(struct crux_cli_bench_served *file);

#endif
