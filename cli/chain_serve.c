/* crux chain serve: a chain file over HTTP, to be read, and moved on where that is allowed.   spec/80-chains.md#served */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_server.h"
#include "chain-adapter/io/json.h"
#include "cli/chain_disputes.h"
#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

enum { OPTION_LISTEN, OPTION_ALLOW_MOVES, OPTION_ANY_ADDRESS, OPTION_COUNT };

const struct crux_cli_option crux_cli_chain_serve_options[] = {
    [OPTION_LISTEN] = {.name = "listen",
                       .kind = CRUX_CLI_TEXT,
                       .value = "ADDRESS:PORT",
                       .help = "where (default 127.0.0.1:8090; port 0: any that is free)"},
    [OPTION_ALLOW_MOVES] = {.name = "allow-moves",
                            .help = "take moves, from whoever can reach the port, as anybody"},
    [OPTION_ANY_ADDRESS] = {.name = "public",
                            .help = "let --listen name an address that is not this machine's own"},
    [OPTION_COUNT] = {.name = NULL},
};

enum {
    ROWS_DEFAULT = 100,
    ROWS_MOST = 1000,
    DISPUTES_LOOKED_AT = 10000, /* for an answer: most of them may not be wanted */
    EVENT_BYTES_MOST = 2 << 20, /* of the moves in an answer, or one move if that is longer */
    BODY_BYTES = 2 * CRUX_MOVE_BYTES_MAX + 4096, /* a move in hexadecimal, and its sender */
    NUMBER_DIGITS_MAX = 18
};

struct service {
    struct crux_chain chain;
    struct crux_cli_chain_openings openings;
    bool takes_moves, loopback;
    struct event_base *base;
    struct crux_http_server *server;
};

/* ---- answers ---- */

static void answer(struct crux_http_exchange *exchange, int code, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL)
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
    else
        crux_http_answer(exchange, code, "application/json", text, strlen(text));
    free(text);
}

static void refuse(struct crux_http_exchange *exchange, int code, enum crux_status status,
                   const char *message) {
    answer(exchange, code,
           json_pack("{s:s, s:o}", "error", crux_status_name(status), "message",
                     crux_cli_json_text(message[0] != 0 ? message : crux_status_text(status))));
}

/* The file's own trouble is the server's; what the game refuses is the client's. */
static void refuse_of_chain(struct service *service, struct crux_http_exchange *exchange,
                            enum crux_status status) {
    int code = 422;
    if (status == CRUX_E_NOT_FOUND || status == CRUX_E_CLAIM_UNKNOWN) code = 404;
    if (status == CRUX_E_IO || status == CRUX_E_OUT_OF_MEMORY || status == CRUX_E_NON_CANONICAL ||
        status == CRUX_E_CHECKSUM_MISMATCH || status == CRUX_E_INTERNAL)
        code = 500;
    refuse(exchange, code, status, service->chain.message);
}

/* ---- what is asked ---- */

/* Out: number.  Returns: false after an answer, if the text is there and is no number up to `most`. */
static bool take_number(uint64_t *number, struct crux_http_exchange *exchange, const char *name,
                        uint64_t most) {
    const char *text = crux_http_query(exchange, name);
    char message[128];
    if (text == NULL) return true;
    size_t digits = strspn(text, "0123456789");
    uint64_t value = digits > 0 && digits <= NUMBER_DIGITS_MAX && text[digits] == 0
                         ? strtoull(text, NULL, 10)
                         : UINT64_MAX;
    if (value <= most) {
        *number = value;
        return true;
    }
    (void)snprintf(message, sizeof message, "%s takes a whole number of at most %llu", name,
                   (unsigned long long)most);
    refuse(exchange, 400, CRUX_E_USAGE, message);
    return false;
}

static bool take_hash(uint8_t hash[32], struct crux_http_exchange *exchange, const char *text) {
    bool fine = strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
    for (size_t i = 0; fine && i < 32; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
        hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    if (!fine) refuse(exchange, 400, CRUX_E_USAGE, "hash takes 64 hexadecimal digits");
    return fine;
}

/* ---- routes ---- */

static void get_status(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct crux_cli_chain_status found;
    enum crux_status status = crux_chain_local_info(&service->chain, &found.info);
    if (status == CRUX_OK)
        status = service->chain.ops->look(&service->chain, crux_cli_chain_read_status, &found);
    if (status == CRUX_OK)
        answer(exchange, 200, crux_cli_chain_json_status(&found));
    else
        refuse_of_chain(service, exchange, status);
}

struct page {
    uint64_t from, count;
    json_t *list;
};

static enum crux_status list_batches(void *ctx, const struct crux_game *game, uint64_t now) {
    struct page *page = ctx;
    struct crux_game_chain chain;
    struct crux_game_batch batch;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    for (uint64_t i = page->from;
         status == CRUX_OK && i < chain.batches && i - page->from < page->count; i++) {
        status = crux_game_get_batch(game, i, &batch);
        if (status == CRUX_OK)
            (void)json_array_append_new(page->list, crux_cli_chain_json_batch(&batch));
    }
    return status;
}

static void get_batches(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct page page = {.from = 0, .count = ROWS_DEFAULT};
    if (!take_number(&page.from, exchange, "from", INT64_MAX) ||
        !take_number(&page.count, exchange, "count", ROWS_MOST))
        return;
    page.list = json_array();
    enum crux_status status = service->chain.ops->look(&service->chain, list_batches, &page);
    if (status == CRUX_OK)
        answer(exchange, 200, json_pack("{s:O}", "batches", page.list));
    else
        refuse_of_chain(service, exchange, status);
    json_decref(page.list);
}

struct asked {
    struct crux_claim_id claim;
    struct crux_account account;
    json_t *object;
};

static enum crux_status find_claim(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asked *asked = ctx;
    return crux_cli_chain_json_claim(&asked->object, game, &asked->claim, now);
}

static enum crux_status find_account(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asked *asked = ctx;
    struct crux_game_account account;
    struct crux_game_pledge pledge;
    (void)now;
    enum crux_status status = crux_game_get_account(game, &asked->account, &account);
    if (status == CRUX_OK) status = crux_game_get_pledge(game, &asked->account, &pledge);
    if (status == CRUX_OK) asked->object = crux_cli_chain_json_account(&account, &pledge);
    return status;
}

static void find_one(struct service *service, struct crux_http_exchange *exchange,
                     enum crux_status (*find)(void *, const struct crux_game *, uint64_t),
                     struct asked *asked) {
    enum crux_status status = service->chain.ops->look(&service->chain, find, asked);
    if (status == CRUX_OK)
        answer(exchange, 200, asked->object);
    else
        refuse_of_chain(service, exchange, status);
}

static void get_claim(void *ctx, struct crux_http_exchange *exchange) {
    struct asked asked = {.object = NULL};
    char text[64];
    (void)snprintf(text, sizeof text, "%.30s/%.30s", crux_http_parameter(exchange, 0),
                   crux_http_parameter(exchange, 1));
    if (crux_cli_chain_claim(&asked.claim, text) && asked.claim.batch <= INT64_MAX)
        find_one(ctx, exchange, find_claim, &asked);
    else
        refuse(exchange, 400, CRUX_E_USAGE, "a claim is /v1/claims/BATCH/MEMBER");
}

static void get_account(void *ctx, struct crux_http_exchange *exchange) {
    struct asked asked = {.object = NULL};
    if (crux_chain_account_read(&asked.account, crux_http_parameter(exchange, 0)) == CRUX_OK)
        find_one(ctx, exchange, find_account, &asked);
    else
        refuse(exchange, 400, CRUX_E_SYNTAX, "an account is 40 hexadecimal digits or a short name");
}

static void get_disputes(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct crux_cli_chain_filter filter = {.most = ROWS_DEFAULT, .looks = DISPUTES_LOOKED_AT};
    struct crux_claim_id claim;
    struct crux_account account;
    uint64_t open = 0, next;
    json_t *list;
    const char *of = crux_http_query(exchange, "claim"), *by = crux_http_query(exchange, "account"),
               *stage = crux_http_query(exchange, "stage");
    if (!take_number(&filter.from, exchange, "from", INT64_MAX) ||
        !take_number(&filter.most, exchange, "count", ROWS_MOST) ||
        !take_number(&open, exchange, "open", 1))
        return;
    filter.open = open == 1;
    filter.claim = of == NULL ? NULL : &claim;
    filter.account = by == NULL ? NULL : &account;
    filter.stage = stage == NULL ? 0 : crux_cli_chain_stage_named(stage);
    if ((of != NULL && !crux_cli_chain_claim(&claim, of)) ||
        (by != NULL && crux_chain_account_read(&account, by) != CRUX_OK) ||
        (stage != NULL && filter.stage == 0)) {
        refuse(exchange, 400, CRUX_E_USAGE,
               "claim takes BATCH/MEMBER, account an account, stage the name of a stage");
        return;
    }
    enum crux_status status =
        crux_cli_chain_disputes(&list, &next, &service->openings, &service->chain, &filter);
    if (status == CRUX_OK)
        answer(exchange, 200,
               json_pack("{s:o, s:o}", "disputes", list, "next",
                         next == UINT64_MAX ? json_null() : json_integer((json_int_t)next)));
    else
        refuse_of_chain(service, exchange, status);
}

struct event_list {
    json_t *list;
    size_t bytes;
    bool failed;
};

static bool list_event(void *ctx, const struct crux_chain_event *event) {
    struct event_list *events = ctx;
    events->failed = json_array_append_new(events->list, crux_cli_chain_json_event(event)) != 0;
    events->bytes += event->len;
    return !events->failed && events->bytes < EVENT_BYTES_MOST;
}

/* A cursor that no longer holds is 409: the reader goes back to an earlier one. */
static void get_events(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct crux_chain_cursor cursor = {0};
    uint64_t count = ROWS_DEFAULT;
    bool reorganised = false;
    const char *hash = crux_http_query(exchange, "hash");
    if (!take_number(&cursor.number, exchange, "after", INT64_MAX) ||
        !take_number(&count, exchange, "count", ROWS_MOST))
        return;
    if ((hash == NULL) != (cursor.number == 0)) {
        refuse(exchange, 400, CRUX_E_USAGE, "after and hash are the number and hash of one event");
        return;
    }
    if (hash != NULL && !take_hash(cursor.hash, exchange, hash)) return;
    struct event_list events = {.list = json_array()};
    enum crux_status status = service->chain.ops->events(&service->chain, &cursor, &reorganised,
                                                         count, list_event, &events);
    if (status == CRUX_OK && events.failed) status = CRUX_E_OUT_OF_MEMORY;
    if (status != CRUX_OK)
        refuse_of_chain(service, exchange, status);
    else if (reorganised)
        refuse(exchange, 409, CRUX_E_NOT_FOUND,
               "the chain has no event of this number and hash: go back to an earlier one");
    else
        answer(exchange, 200,
               json_pack("{s:O, s:I, s:o}", "events", events.list, "after",
                         (json_int_t)cursor.number, "hash", crux_json_of_bytes(cursor.hash, 32)));
    json_decref(events.list);
}

static bool read_hex(uint8_t *out, const char *text, size_t len) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        const char *high = memchr(digits, text[2 * i], 16),
                   *low = memchr(digits, text[2 * i + 1], 16);
        if (high == NULL || low == NULL) return false;
        out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

static void make_move(struct service *service, struct crux_http_exchange *exchange,
                      const char *sender, const char *move) {
    struct crux_account account;
    struct crux_game_outcome outcome;
    size_t len = strlen(move) / 2;
    uint8_t *bytes = malloc(len + 1);
    bool fine = bytes != NULL && strlen(move) % 2 == 0 && len >= 1 && len <= CRUX_MOVE_BYTES_MAX &&
                read_hex(bytes, move, len);
    if (!fine) {
        refuse(exchange, 400, CRUX_E_USAGE, "move takes the bytes of a move in hexadecimal");
    } else if (crux_chain_account_read(&account, sender) != CRUX_OK) {
        refuse(exchange, 400, CRUX_E_SYNTAX, "sender takes 40 hexadecimal digits or a short name");
    } else {
        enum crux_status status =
            service->chain.ops->move(&service->chain, &outcome, &account, bytes, len);
        if (status == CRUX_OK)
            answer(exchange, 200, crux_cli_chain_json_outcome(bytes[0], &outcome));
        else
            refuse_of_chain(service, exchange, status);
    }
    free(bytes);
}

/* Of an address to listen on, or of a Host field. Only digits and points are a number: what merely begins with 127 can be
 * anybody's name, and lead here. */
static bool is_loopback(const char *address) {
    size_t host = 0;
    if (strncmp(address, "127.", 4) == 0) host = strspn(address, "0123456789.");
    if (strncmp(address, "[::1]", 5) == 0) host = 5;
    if (strncmp(address, "localhost", 9) == 0) host = 9;
    return host > 0 && (address[host] == 0 || address[host] == ':');
}

/* A page in a browser on this machine must not move: it cannot send this type to another origin without being asked
 * first, which is refused, nor under another name of this address. */
static bool is_of_a_page(const struct crux_http_exchange *exchange, bool loopback) {
    const char *type = crux_http_field(exchange, "content-type"),
               *host = crux_http_field(exchange, "host");
    if (type == NULL || strncmp(type, "application/json", 16) != 0) return true;
    return loopback && host != NULL && !is_loopback(host);
}

static void post_move(void *ctx, struct crux_http_exchange *exchange) {
    static const char *const names[] = {"sender", "move", NULL};
    struct service *service = ctx;
    struct crux_json_error error;
    struct crux_json_fields fields;
    const char *sender = NULL, *move = NULL;
    json_t *value = NULL;
    size_t len;
    const char *body = crux_http_body(exchange, &len);
    if (!service->takes_moves) {
        refuse(exchange, 403, CRUX_E_NOT_PERMITTED, "this server takes no moves");
        return;
    }
    if (is_of_a_page(exchange, service->loopback)) {
        refuse(exchange, 403, CRUX_E_NOT_PERMITTED,
               "moves are application/json, sent to this address by its number");
        return;
    }
    enum crux_status status = crux_json_read(&value, &error, body, len, BODY_BYTES);
    if (status == CRUX_OK) {
        crux_json_fields(&fields, value, "", &error);
        crux_json_only(&fields, names);
        bool both =
            crux_json_text(&fields, &sender, "sender") && crux_json_text(&fields, &move, "move");
        status = fields.status;
        if (status == CRUX_OK && !both) {
            status = CRUX_E_SYNTAX;
            (void)snprintf(error.message, sizeof error.message, "sender and move are needed");
        }
    }
    if (status == CRUX_OK)
        make_move(service, exchange, sender, move);
    else
        refuse(exchange, 400, status, error.message);
    json_decref(value);
}

static const struct crux_http_route routes[] = {
    {"GET", "/v1/status", get_status},      {"GET", "/v1/batches", get_batches},
    {"GET", "/v1/claims/{}/{}", get_claim}, {"GET", "/v1/accounts/{}", get_account},
    {"GET", "/v1/disputes", get_disputes},  {"GET", "/v1/events", get_events},
    {"POST", "/v1/moves", post_move},
};

/* ---- the server ---- */

static void stop(evutil_socket_t number, short what, void *ctx) {
    struct service *service = ctx;
    (void)number;
    (void)what;
    (void)event_base_loopbreak(service->base);
}

static enum crux_cli_exit serve(const struct crux_cli_call *call, struct service *service,
                                const char *address) {
    char message[CRUX_HTTP_SERVER_MESSAGE_BYTES];
    const struct crux_http_server_options options = {.address = address,
                                                     .limits = {.body_bytes = BODY_BYTES},
                                                     .routes = routes,
                                                     .route_count = CRUX_ARRAY_LEN(routes),
                                                     .ctx = service};
    enum crux_status status =
        crux_http_server_open(&service->server, service->base, &options, message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    struct event *stops[] = {evsignal_new(service->base, SIGINT, stop, service),
                             evsignal_new(service->base, SIGTERM, stop, service)};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(stops); i++)
        if (stops[i] != NULL) (void)event_add(stops[i], NULL);
    unsigned port = crux_http_server_port(service->server);
    enum crux_cli_exit code = CRUX_CLI_OK;
    if (call->json)
        code = crux_cli_answer(call, json_pack("{s:i, s:b}", "port", (int)port, "allow_moves",
                                               (int)service->takes_moves));
    else
        (void)printf("listening on port %u%s\n", port,
                     service->takes_moves ? ", and takes moves from whoever reaches it" : "");
    (void)fflush(stdout);
    if (code == CRUX_CLI_OK && event_base_dispatch(service->base) < 0) code = CRUX_CLI_FAILURE;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(stops); i++)
        if (stops[i] != NULL) event_free(stops[i]);
    crux_http_server_close(service->server);
    return code;
}

enum crux_cli_exit crux_cli_run_chain_serve(const struct crux_cli_call *call) {
    const char *address = "127.0.0.1:8090";
    struct service service = {.takes_moves = call->option[OPTION_ALLOW_MOVES].given};
    if (call->option[OPTION_LISTEN].given) address = call->option[OPTION_LISTEN].text;
    service.loopback = is_loopback(address);
    if (!service.loopback && !call->option[OPTION_ANY_ADDRESS].given)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "'%.100s' is not on loopback: others would read the chain, and with "
                             "--allow-moves move on it; say --public if they may",
                             address);
    enum crux_cli_exit code = crux_cli_chain_open(&service.chain, call);
    if (code != CRUX_CLI_OK) return code;
    service.base = event_base_new();
    code = service.base == NULL ? crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no event loop")
                                : serve(call, &service, address);
    if (service.base != NULL) event_base_free(service.base);
    crux_cli_chain_openings_free(&service.openings);
    service.chain.ops->close(&service.chain);
    return code;
}
