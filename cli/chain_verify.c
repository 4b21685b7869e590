/* crux chain verify: does a file hold what its events make? */
#include <stdio.h>

#include "cli/chain_file.h"
#include "cli/output.h"

enum crux_cli_exit crux_cli_run_chain_verify(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_chain_local_verified verified;
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_chain_local_verify(&chain, &verified);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:I, s:I}", "events", (json_int_t)verified.events,
                                               "records", (json_int_t)verified.records));
    else if (status == CRUX_OK)
        (void)printf("%llu events played again from an empty store: each did what it says, each "
                     "hash follows,\nand the %llu records are those of the file\n",
                     (unsigned long long)verified.events, (unsigned long long)verified.records);
    return crux_cli_chain_close(&chain, call, status, code);
}
