#include "cli/simulate_chain.h"

#include <stdio.h>

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
    enum crux_status status = crux_cli_simulate_folder_make(&made->folder);
    if (status != CRUX_OK) {
        (void)snprintf(message, CRUX_CHAIN_MESSAGE_BYTES, "cannot make a folder %.250s",
                       made->folder.path);
        return status;
    }
    status = crux_chain_local_create(message, made->folder.chain, &what);
    if (status == CRUX_OK) status = crux_chain_local_open(&made->chain, made->folder.chain, NULL);
    if (status == CRUX_OK) crux_cli_simulate_folder_ready(&made->folder);
    return status;
}

void crux_cli_simulate_chain_remove(struct crux_cli_simulate_chain *made) {
    if (made->chain.ops != NULL) made->chain.ops->close(&made->chain);
    crux_cli_simulate_folder_remove(&made->folder);
}
