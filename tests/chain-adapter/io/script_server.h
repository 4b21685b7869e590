/* A server on 127.0.0.1 that says what it was told to, byte for byte, to one connection after the other. */
#ifndef CRUX_TESTS_CHAIN_ADAPTER_IO_SCRIPT_SERVER_H
#define CRUX_TESTS_CHAIN_ADAPTER_IO_SCRIPT_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct script {
    const char *head;           /* said once a whole request has come; NULL: nothing is */
    size_t fill_bytes;          /* then so many letters */
    unsigned drip_milliseconds; /* pause after each of them; 0: all at once */
    bool stay;                  /* then keep the connection open until the client closes it */
};

struct script_server {
    int listener, wake[2];
    unsigned port;
    struct script script;
    pthread_t thread;
    char request[8192]; /* the last one, as far as it fits */
};

/* Any failure stops the process. */
void script_server_start(struct script_server *server, const struct script *script);
void script_server_stop(struct script_server *server);

#endif
