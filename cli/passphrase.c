#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static enum crux_status say_errno(char *message, const char *what, const char *path) {
    (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "cannot read %s '%.300s': %s", what, path,
                   strerror(errno));
    return CRUX_E_IO;
}

/* By volatile stores: what is never read again would else not be written. */
static void wipe(void *bytes, size_t len) {
    volatile uint8_t *at = bytes;
    while (len-- > 0) *at++ = 0;
}

void crux_cli_passphrase_wipe(struct crux_cli_passphrase *passphrase) {
    wipe(passphrase, sizeof *passphrase);
}

static enum crux_status too_long(char *message) {
    (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "the passphrase is longer than %d bytes",
                   CRUX_PASSPHRASE_BYTES_MAX);
    return CRUX_E_USAGE;
}

/* Reads up to the end of a line or of the file; the line's end is not part of it. */
static enum crux_status read_line(struct crux_cli_passphrase *passphrase, char *message, int fd,
                                  const char *path) {
    passphrase->len = 0;
    for (;;) {
        uint8_t byte;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return say_errno(message, "the passphrase from", path);
        if (got == 0 || byte == '\n') break;
        if (passphrase->len == sizeof passphrase->bytes) return too_long(message);
        passphrase->bytes[passphrase->len++] = byte;
    }
    if (passphrase->len > 0 && passphrase->bytes[passphrase->len - 1] == '\r') passphrase->len--;
    return CRUX_OK;
}

static enum crux_status ask(struct crux_cli_passphrase *passphrase, char *message, int terminal,
                            const char *prompt) {
    struct termios before, silent;
    if (tcgetattr(terminal, &before) != 0) return say_errno(message, "from", "the terminal");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)dprintf(terminal, "%s", prompt);
    if (tcsetattr(terminal, TCSAFLUSH, &silent) != 0)
        return say_errno(message, "silently from", "the terminal");
    enum crux_status status = read_line(passphrase, message, terminal, "the terminal");
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    (void)dprintf(terminal, "\n");
    return status;
}

static enum crux_status ask_terminal(struct crux_cli_passphrase *passphrase, char *message,
                                     bool is_new) {
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES,
                       "there is no terminal to ask for the passphrase: give it in a file "
                       "(--passphrase-file) or in the environment");
        return CRUX_E_USAGE;
    }
    enum crux_status status =
        ask(passphrase, message, terminal, is_new ? "new passphrase: " : "passphrase: ");
    if (status == CRUX_OK && is_new) {
        struct crux_cli_passphrase again = {.len = 0};
        status = ask(&again, message, terminal, "once more: ");
        if (status == CRUX_OK && (again.len != passphrase->len ||
                                  memcmp(again.bytes, passphrase->bytes, again.len) != 0)) {
            (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "the two passphrases differ");
            status = CRUX_E_USAGE;
        }
        crux_cli_passphrase_wipe(&again);
    }
    (void)close(terminal);
    return status;
}

static enum crux_status from_variable(struct crux_cli_passphrase *passphrase, char *message,
                                      const char *variable) {
    const char *text = getenv(variable);
    if (text == NULL) {
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES,
                       "the environment has no variable '%.200s' with the passphrase", variable);
        return CRUX_E_USAGE;
    }
    passphrase->len = strlen(text);
    if (passphrase->len > sizeof passphrase->bytes) return too_long(message);
    memcpy(passphrase->bytes, text, passphrase->len);
    return CRUX_OK;
}

enum crux_status crux_cli_passphrase_read(struct crux_cli_passphrase *passphrase,
                                          char message[CRUX_CLI_MESSAGE_BYTES], const char *file,
                                          const char *variable, bool is_new) {
    enum crux_status status;
    memset(passphrase, 0, sizeof *passphrase);
    if (file != NULL && variable != NULL) {
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES,
                       "--passphrase-file and --passphrase-env exclude each other");
        return CRUX_E_USAGE;
    }
    if (variable != NULL) {
        status = from_variable(passphrase, message, variable);
    } else if (file == NULL) {
        status = ask_terminal(passphrase, message, is_new);
    } else {
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return say_errno(message, "the passphrase from", file);
        status = read_line(passphrase, message, fd, file);
        (void)close(fd);
    }
    if (status != CRUX_OK) crux_cli_passphrase_wipe(passphrase);
    return status;
}
