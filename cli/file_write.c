#include "chain-adapter/io/file.h"
#include "cli/file.h"

enum crux_status crux_cli_file_write(char message[CRUX_CLI_MESSAGE_BYTES], const char *path,
                                     const uint8_t *bytes, size_t len) {
    return crux_file_write(message, CRUX_CLI_MESSAGE_BYTES, path, bytes, len, NULL);
}
