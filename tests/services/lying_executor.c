/* An executor as a process, for tests: it settles claims of which some are lies, serves them, and defends itself.
 *
 *   lying_executor CHAIN MODEL OTHER_MODEL ACCOUNT PORT SEED CLAIMS KINDS [withhold|silent]
 *
 * KINDS: lies by name, "honest,layer,..": claim i is the i-th of them, then all over again. withhold: it serves no request
 * and no trace, only what is demanded on the chain; silent: not even that. Every number of it follows from its arguments,
 * so that it may be killed at any moment and begins again where the chain says it was. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chain-adapter/local/local.h"
#include "tests/challenger/double_executor.h"

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

static enum double_lie kind_of(const char *kinds, uint32_t number) {
    const char *at[64];
    unsigned count = 0;
    for (const char *kind = kinds; kind != NULL && count < 64;) {
        at[count++] = kind;
        kind = strchr(kind, ',');
        if (kind != NULL) kind++;
    }
    const char *wanted = at[number % count];
    for (int lie = 0; lie < DOUBLE_LIES; lie++) {
        size_t len = strlen(double_lie_names[lie]);
        if (strncmp(wanted, double_lie_names[lie], len) == 0 &&
            (wanted[len] == 0 || wanted[len] == ','))
            return (enum double_lie)lie;
    }
    (void)fprintf(stderr, "no lie is called %s\n", wanted);
    exit(2);
}

static enum crux_status look_money(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    *(uint64_t *)ctx = chain.deposited;
    return status;
}

int main(int argc, char **argv) {
    enum { BATCH = 3, MONEY = 1000000 };
    const struct sigaction action = {.sa_handler = on_signal};
    const struct timespec pause = {.tv_nsec = 20000000};
    struct crux_chain chain;
    if (argc < 9) return 2;
    struct double_executor *d = calloc(1, sizeof *d);
    if (d == NULL || crux_chain_local_open(&chain, argv[1], NULL) != CRUX_OK) {
        (void)fprintf(stderr, "%s\n", chain.message);
        return 1;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    double_open(d, argv[2], argv[3], argv[4]);
    bool is_silent = argc > 9 && strcmp(argv[9], "silent") == 0;
    if (argc > 9) d->serves_traces = d->serves_claims = false;
    if (is_silent) d->serves_batches = false;
    double_listen(d, (unsigned)strtoul(argv[5], NULL, 10));
    (void)printf("%s\n", d->url);
    (void)fflush(stdout);
    uint64_t deposited, seed = strtoull(argv[6], NULL, 10);
    uint32_t claims = (uint32_t)strtoul(argv[7], NULL, 10);
    CRUX_ASSERT(chain.ops->look(&chain, look_money, &deposited) == CRUX_OK && deposited > 0);
    double_register(d, &chain);
    for (uint32_t i = 0; i < claims && !stopped; i += BATCH) {
        uint32_t count = claims - i < BATCH ? claims - i : BATCH;
        for (uint32_t m = 0; m < count; m++)
            (void)double_run(d, seed * 1000 + i + m, kind_of(argv[8], i + m));
        double_settle(d, &chain, i, count, NULL);
        for (uint32_t m = 0; m < count; m++) double_show(d, &chain, i + m);
    }
    while (!stopped) {
        if (is_silent || double_defend(d, &chain) == 0) (void)nanosleep(&pause, NULL);
    }
    double_close(d);
    chain.ops->close(&chain);
    free(d);
    return 0;
}
