#include "cli/simulate_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *find_base(void) {
    const char *named = getenv("TMPDIR");
    if (named != NULL && named[0] != 0) return named;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

enum crux_status crux_cli_simulate_chain_make(struct crux_cli_simulate_chain *made,
                                              const struct crux_game_parameters *parameters,
                                              uint64_t time) {
    static const uint8_t zero[32];
    const struct crux_chain_local_new what = {.parameters = *parameters,
                                              .scripted = true,
                                              .time = time,
                                              .chain_id = zero,
                                              .contract = zero};
    char *message = made->chain.message;
    (void)snprintf(made->folder, sizeof made->folder, "%.200s/crux-simulate-XXXXXX", find_base());
    if (mkdtemp(made->folder) == NULL) {
        (void)snprintf(message, CRUX_CHAIN_MESSAGE_BYTES, "cannot make a folder %.250s",
                       made->folder);
        made->folder[0] = 0;
        return CRUX_E_IO;
    }
    (void)snprintf(made->path, sizeof made->path, "%s/chain", made->folder);
    enum crux_status status = crux_chain_local_create(message, made->path, &what);
    return status == CRUX_OK ? crux_chain_local_open(&made->chain, made->path, NULL) : status;
}

void crux_cli_simulate_chain_remove(struct crux_cli_simulate_chain *made) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[CRUX_CLI_SIMULATE_PATH_BYTES + 16];
    if (made->chain.ops != NULL) made->chain.ops->close(&made->chain);
    if (made->folder[0] == 0) return;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
        (void)snprintf(path, sizeof path, "%s%s", made->path, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(made->folder);
}
