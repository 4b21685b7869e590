/* Passphrases of key files: from a file, an environment variable, or the terminal with its echo off. */
#ifndef CRUX_CLI_PASSPHRASE_H
#define CRUX_CLI_PASSPHRASE_H

#include "chain-adapter/keys/keys.h"
#include "cli/options.h"

struct crux_cli_passphrase {
    uint8_t bytes[CRUX_PASSPHRASE_BYTES_MAX];
    size_t len;
};

/* Out: passphrase, to be wiped by its owner; message, on failure.
 * In: file, whose first line it is; variable, of the environment; either may be NULL, and if both are the terminal is
 * asked: twice if it is new.
 * Returns: CRUX_E_USAGE (both are given, there is no terminal, too long, a second answer that differs), CRUX_E_IO. */
CRUX_MUST_CHECK
enum crux_status crux_cli_passphrase_read(struct crux_cli_passphrase *passphrase,
                                          char message[CRUX_CLI_MESSAGE_BYTES], const char *file,
                                          const char *variable, bool is_new);

void crux_cli_passphrase_wipe(struct crux_cli_passphrase *passphrase);

#endif
