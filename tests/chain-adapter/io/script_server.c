#include "tests/chain-adapter/io/script_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MILLISECONDS = 60000 };

static void must(bool fine, const char *what) {
    if (fine) return;
    perror(what);
    abort();
}

/* Returns: false if the client has gone or the server is told to stop. */
static bool ready(const struct script_server *server, int socket, int milliseconds) {
    struct pollfd fds[2] = {{socket, POLLIN, 0}, {server->wake[0], POLLIN, 0}};
    return poll(fds, 2, milliseconds) > 0 && fds[1].revents == 0;
}

/* A request's head, and as much of its body as Content-Length says. */
static bool take_request(struct script_server *server, int socket) {
    size_t len = 0, whole = 0;
    while (len + 1 < sizeof server->request) {
        if (!ready(server, socket, WAIT_MILLISECONDS)) return false;
        ssize_t got = recv(socket, server->request + len, sizeof server->request - 1 - len, 0);
        if (got <= 0) return false;
        len += (size_t)got;
        server->request[len] = 0;
        const char *end = strstr(server->request, "\r\n\r\n");
        const char *length = strstr(server->request, "Content-Length: ");
        if (end == NULL) continue;
        whole = (size_t)(end - server->request) + 4;
        if (length != NULL && length < end) whole += strtoul(length + 16, NULL, 10);
        if (len >= whole) return true;
    }
    return true;
}

static void say(const struct script_server *server, int socket) {
    const struct script *script = &server->script;
    char letters[4096];
    size_t left = script->fill_bytes;
    memset(letters, 'x', sizeof letters);
    bool fine =
        script->head == NULL || send(socket, script->head, strlen(script->head), MSG_NOSIGNAL) >= 0;
    while (fine && left > 0) {
        size_t some = script->drip_milliseconds != 0 ? 1
                      : left < sizeof letters        ? left
                                                     : sizeof letters;
        ssize_t sent = send(socket, letters, some, MSG_NOSIGNAL);
        fine = sent > 0;
        if (fine) left -= (size_t)sent;
        /* whatever the client says is the end of its connection */
        if (fine && script->drip_milliseconds != 0)
            fine = !ready(server, socket, (int)script->drip_milliseconds);
    }
    if (fine && script->stay) (void)ready(server, socket, WAIT_MILLISECONDS);
}

static void *serve(void *ctx) {
    struct script_server *server = ctx;
    while (ready(server, server->listener, -1)) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0) continue;
        if (take_request(server, socket)) say(server, socket);
        (void)shutdown(socket, SHUT_WR);
        (void)close(socket);
    }
    return NULL;
}

void script_server_start(struct script_server *server, const struct script *script) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    memset(server, 0, sizeof *server);
    server->script = *script;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    must(server->listener >= 0, "socket");
    must(bind(server->listener, (struct sockaddr *)&address, len) == 0, "bind");
    must(listen(server->listener, 8) == 0, "listen");
    must(getsockname(server->listener, (struct sockaddr *)&address, &len) == 0, "getsockname");
    must(pipe(server->wake) == 0, "pipe");
    server->port = ntohs(address.sin_port);
    must(pthread_create(&server->thread, NULL, serve, server) == 0, "pthread_create");
}

void script_server_stop(struct script_server *server) {
    must(write(server->wake[1], "x", 1) == 1, "write");
    must(pthread_join(server->thread, NULL) == 0, "pthread_join");
    (void)close(server->listener);
    (void)close(server->wake[0]);
    (void)close(server->wake[1]);
}
