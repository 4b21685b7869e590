/* Requests through trusted proxies, counted for their clients while they are asked. */
#include <string.h>

#include "chain-adapter/io/http_inside.h"

static uint64_t held_bytes(const struct http_connection *connection) {
    return evbuffer_get_length(bufferevent_get_input(connection->bev)) +
           evbuffer_get_length(bufferevent_get_output(connection->bev)) +
           evbuffer_get_length(connection->body);
}

/* The connection, and what it holds, is counted for another address.  In: address, entered; NULL: without memory.
 * Returns: false without memory. */
static bool move_to(struct http_connection *connection, struct http_address *address) {
    uint64_t held = held_bytes(connection);
    if (address == NULL) return false;
    http_counted_hold(connection->address, 0, held);
    http_counted_leave(connection->server, connection->address);
    http_counted_hold(address, held, 0);
    connection->address = address;
    return true;
}

enum crux_http_problem http_forwarded_enter(struct http_connection *connection) {
    struct crux_http_server *server = connection->server;
    uint8_t client[CRUX_HTTP_ADDRESS_BYTES];
    if (!connection->is_proxy) return CRUX_HTTP_FINE;
    memcpy(client, connection->from, sizeof client);
    crux_http_proxies_client(&server->proxies, client, &connection->exchange.head);
    if (!move_to(connection, http_counted_enter(server, client))) return CRUX_HTTP_BUSY;
    crux_http_address_say(connection->client, client);
    if (!http_counted_may_connect(server, connection->address))
        return CRUX_HTTP_TOO_MANY_FROM_ADDRESS;
    return http_connection_has_room(connection, 0) ? CRUX_HTTP_FINE : CRUX_HTTP_BUSY;
}

void http_forwarded_leave(struct http_connection *connection) {
    if (!connection->is_proxy) return;
    connection->client[0] = 0;
    (void)move_to(connection, http_counted_enter_proxy(connection->server));
}
