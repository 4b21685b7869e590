/* The folder of a simulation's chain: in memory where the machine has a folder there, gone when the simulation ends or is
 * told to end (SIGINT, SIGTERM, SIGHUP), and, had it no time for that, gone when the next simulation makes its own.
 *
 *   crux-simulate-PID-XXXXXX     locked as long as its process lives; holds a chain's files and nothing else */
#ifndef CRUX_CLI_SIMULATE_FOLDER_H
#define CRUX_CLI_SIMULATE_FOLDER_H

#include "kernels/kernels.h"

enum { CRUX_CLI_SIMULATE_FOLDER_BYTES = 284, CRUX_CLI_SIMULATE_PATH_BYTES = 300 };

struct crux_cli_simulate_folder {
    char path[CRUX_CLI_SIMULATE_FOLDER_BYTES];
    char chain[CRUX_CLI_SIMULATE_PATH_BYTES]; /* the chain's file in it */
    bool made, ready;
    int lock; /* a descriptor, if it is made */
};

/* One at a time.  Out: folder, to be removed, on failure too; path says where none could be made.
 * Returns: CRUX_E_IO. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_folder_make(struct crux_cli_simulate_folder *folder);
/* In: folder, made, whose chain is made: it has no other files from here on. Until then no signal is taken. */
void crux_cli_simulate_folder_ready(struct crux_cli_simulate_folder *folder);
/* In: folder, made or zeroed. */
void crux_cli_simulate_folder_remove(struct crux_cli_simulate_folder *folder);

#endif
