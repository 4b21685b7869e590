#include "tests/challenger/double_executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/random.h"

enum { REQUEST_TOKENS = 6, CHOSEN_TOKENS = 7 };

const char *const double_lie_names[DOUBLE_LIES] = {"honest", "token", "output", "layer", "stale",
                                                   "model",  "leaf",  "count",  "early"};

static void must(enum crux_status status, const char *what, const char *why) {
    if (status == CRUX_OK) return;
    (void)fprintf(stderr, "%s: %s (%s)\n", what, crux_status_name(status), why);
    abort();
}

/* ---- lies ---- */

static void on_computed(void *ctx, struct crux_step *step, uint32_t op) {
    const struct double_claim *c = ctx;
    const struct crux_step_tensor *tensor = &step->tensors[op];
    if (op == c->lied_op && tensor->elements > 0) tensor->bytes[0] ^= 1;
}

static void on_output(void *ctx, uint32_t *tokens, uint32_t count) {
    (void)ctx;
    tokens[count - 1] ^= 1;
}

static void on_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    (void)ctx;
    if (leaf == 4) hash[0] ^= 1;
}

static void on_claim(void *ctx, struct crux_claim *claim) {
    const struct double_claim *c = ctx;
    if (c->lie == DOUBLE_OUTPUT) claim->output_root[0] ^= 1;
    if (c->lie == DOUBLE_COUNT) claim->request_tokens++;
    if (c->lie == DOUBLE_STALE) crux_request_hash(claim->request_hash, c->request);
}

/* ---- runs ---- */

void double_open(struct double_executor *d, const char *model, const char *other_model,
                 const char *account) {
    char message[CRUX_MODEL_MESSAGE_BYTES] = "";
    memset(d, 0, sizeof *d);
    must(crux_engine_load(&d->loaded, model, NULL, message), model, message);
    struct crux_model_file *file = &d->loaded.file;
    must(crux_committed_model_init(&d->committed, &file->program, &file->memory,
                                   file->manifest.bytes, file->manifest.len),
         "commit", "");
    must(crux_chain_account_read(&d->account, account), "account", account);
    (void)snprintf(d->other_path, sizeof d->other_path, "%s", other_model);
    d->serves_batches = d->serves_claims = d->serves_traces = true;
    CRUX_ASSERT(pthread_mutex_init(&d->lock, NULL) == 0);
}

static void ask_of(struct crux_archive_request *request, uint32_t *tokens, uint64_t seed,
                   uint32_t vocab) {
    struct crux_random random = {seed};
    for (unsigned i = 0; i < REQUEST_TOKENS; i++)
        tokens[i] = (uint32_t)crux_random_below(&random, vocab);
    *request = (struct crux_archive_request){.tokens = tokens};
    request->fields.request_tokens = REQUEST_TOKENS;
    request->fields.limit = CHOSEN_TOKENS;
    request->fields.param[CRUX_SAMPLE_TEMPERATURE] = CRUX_SAMPLE_ONE;
    request->fields.param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    request->fields.param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    for (unsigned i = 0; i < 32; i++) {
        request->fields.nonce[i] = (uint8_t)crux_random_next(&random);
        request->fields.seed[i] = (uint8_t)crux_random_next(&random);
    }
}

static void plant(struct double_executor *d, struct double_claim *c,
                  struct crux_archive_request *request) {
    struct crux_lie *lie = &c->planted;
    char message[CRUX_MODEL_MESSAGE_BYTES] = "";
    *lie = (struct crux_lie){.ctx = c, .claim = on_claim};
    switch (c->lie) {
    case DOUBLE_TOKEN: lie->output = on_output; break;
    case DOUBLE_LEAF: lie->trace_leaf = on_leaf; break;
    case DOUBLE_EARLY: request->stop_early = CHOSEN_TOKENS - 1; break;
    case DOUBLE_LAYER:
        lie->computed = on_computed;
        lie->one_step = true;
        lie->pos = 7;
        lie->layer = 1;
        break;
    case DOUBLE_MODEL:
        if (d->other.model == NULL)
            must(crux_engine_load(&d->other, d->other_path, NULL, message), d->other_path, message);
        lie->memory = &d->other.file.memory;
        break;
    case DOUBLE_STALE: /* claims the request of c->tokens, and ran another */
        memcpy(c->other_tokens, c->tokens, sizeof c->tokens);
        c->other_tokens[0] = c->tokens[0] == 0;
        request->tokens = c->other_tokens;
        break;
    case DOUBLE_HONEST:
    case DOUBLE_OUTPUT:
    case DOUBLE_COUNT:
    case DOUBLE_LIES: break;
    }
}

/* The request as it is claimed. */
static void encode_request(struct double_executor *d, struct double_claim *c,
                           const struct crux_archive_request *request) {
    struct crux_request fields = request->fields;
    struct crux_tensor list = {.elements = (const uint8_t *)c->tokens}; /* little-endian here */
    uint8_t memory[4096];
    memcpy(fields.model_root, d->loaded.file.root, 32);
    crux_layout_model(&list.layout, CRUX_U32, REQUEST_TOKENS);
    CRUX_ASSERT(crux_tensor_tree_bytes(&list.layout) <= sizeof memory);
    crux_tensor_root(fields.tokens_root, &list, memory);
    crux_request_encode(c->request, &fields);
}

/* A small change of one op's tensor may leave every record as it was: then the claim is true, and another op is taken. */
static void run_lying(struct double_executor *d, struct double_claim *c,
                      const struct crux_archive_request *request) {
    struct crux_engine_model *model = c->lie == DOUBLE_MODEL ? d->other.model : d->loaded.model;
    struct crux_archive *honest;
    bool is_true = true;
    must(crux_archive_run_fast(&honest, &d->committed, d->loaded.model, 1, request, NULL), "run",
         "");
    const uint8_t *root = crux_archive_claim(honest)->trace_root;
    for (c->lied_op = 3; is_true; c->lied_op++) {
        must(crux_archive_run_fast(&c->archive, &d->committed, model, 1, request, &c->planted),
             "run", double_lie_names[c->lie]);
        is_true = c->lie == DOUBLE_LAYER &&
                  memcmp(root, crux_archive_claim(c->archive)->trace_root, 32) == 0;
        if (is_true) crux_archive_free(c->archive);
        if (!is_true) break; /* the archive computes its steps again, with this very op */
    }
    crux_archive_free(honest);
}

uint32_t double_run(struct double_executor *d, uint64_t seed, enum double_lie lie) {
    struct crux_archive_request request;
    (void)pthread_mutex_lock(&d->lock);
    CRUX_ASSERT(d->count < DOUBLE_CLAIMS_MAX);
    struct double_claim *c = &d->claim[d->count];
    c->lie = lie;
    ask_of(&request, c->tokens, seed, d->loaded.file.program.header.vocab);
    encode_request(d, c, &request);
    plant(d, c, &request);
    run_lying(d, c, &request);
    crux_archive_provider(&c->provider, c->archive);
    if (lie != DOUBLE_STALE)
        CRUX_ASSERT(memcmp(c->provider.evidence.request, c->request, CRUX_REQUEST_BYTES) == 0);
    crux_claim_hash(c->hash, crux_archive_claim(c->archive));
    uint32_t number = d->count++;
    (void)pthread_mutex_unlock(&d->lock);
    return number;
}

/* ---- moves ---- */

static enum crux_status make(struct double_executor *d, struct crux_chain *chain,
                             const struct crux_move *move, struct crux_game_outcome *outcome) {
    struct crux_game_outcome any;
    struct crux_writer writer;
    uint8_t *bytes = malloc(CRUX_MOVE_BYTES_MAX);
    CRUX_ASSERT(bytes != NULL);
    crux_writer_init(&writer, bytes, CRUX_MOVE_BYTES_MAX);
    must(crux_move_encode(&writer, move), "encode", "");
    enum crux_status status =
        chain->ops->move(chain, outcome != NULL ? outcome : &any, &d->account, bytes, writer.at);
    free(bytes);
    return status;
}

static enum crux_status look_bond(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    *(uint64_t *)ctx = chain.parameters.executor_bond;
    return status;
}

static uint64_t bond_of(struct crux_chain *chain) {
    uint64_t bond;
    must(chain->ops->look(chain, look_bond, &bond), "look", chain->message);
    return bond;
}

void double_register(struct double_executor *d, struct crux_chain *chain) {
    const struct crux_model_tree *tree = &d->committed.tree;
    uint8_t layers_root[32];
    crux_merkle_tree_root(layers_root, &tree->layers);
    const struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                                   .header = tree->header,
                                   .manifest_hash = tree->manifest_hash,
                                   .layers_root = layers_root};
    must(make(d, chain, &move, NULL), "register", chain->message);
}

void double_join(struct double_executor *d, struct crux_chain *chain, uint64_t amount) {
    must(chain->ops->deposit(chain, &d->account, amount), "deposit", chain->message);
    double_register(d, chain);
}

static void take_hashes(const struct double_executor *d, uint32_t first, uint32_t count,
                        struct crux_merkle_tree *tree, void **memory) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    *memory = malloc(crux_merkle_tree_bytes(&shape));
    CRUX_ASSERT(*memory != NULL);
    crux_merkle_tree_init(tree, &shape, *memory);
    for (uint32_t i = 0; i < count; i++) memcpy(tree->hash[i], d->claim[first + i].hash, 32);
    crux_merkle_tree_build(tree);
}

void double_settle(struct double_executor *d, struct crux_chain *chain, uint32_t first,
                   uint32_t count, const struct crux_account *requester) {
    static const uint8_t nobody[20];
    struct crux_game_outcome outcome;
    struct crux_merkle_tree tree;
    void *memory;
    (void)pthread_mutex_lock(&d->lock);
    struct double_batch *batch = &d->batch[d->batch_count];
    take_hashes(d, first, count, &tree, &memory);
    crux_merkle_tree_root(batch->root, &tree);
    free(memory);
    batch->first = first;
    batch->count = count;
    d->batch_count++;
    const struct crux_move move = {.kind = CRUX_MOVE_SETTLE,
                                   .hash = batch->root,
                                   .count = count,
                                   .flag = requester != NULL,
                                   .account = requester != NULL ? requester->b : nobody,
                                   .amount = bond_of(chain)};
    must(make(d, chain, &move, &outcome), "settle", chain->message);
    for (uint32_t i = 0; i < count; i++) {
        d->claim[first + i].id = (struct crux_claim_id){outcome.claim.batch, i, 0};
        d->claim[first + i].is_settled = true;
    }
    (void)pthread_mutex_unlock(&d->lock);
}

void double_post(struct double_executor *d, struct crux_chain *chain, uint32_t number) {
    struct double_claim *c = &d->claim[number];
    const struct crux_run *run = crux_archive_tokens(c->archive);
    uint8_t claim[CRUX_CLAIM_BYTES], rest[8 * DOUBLE_TOKENS_MAX];
    static const uint8_t nobody[20];
    struct crux_game_outcome outcome;
    crux_claim_encode(claim, crux_archive_claim(c->archive));
    for (uint32_t i = 0; i < REQUEST_TOKENS; i++) crux_store_u32(rest + 4 * i, c->tokens[i]);
    for (uint32_t i = 0; i < run->chosen; i++)
        crux_store_u32(rest + 4 * (REQUEST_TOKENS + i), run->tokens[i]);
    const struct crux_move move = {.kind = CRUX_MOVE_POST,
                                   .claim_bytes = claim,
                                   .amount = bond_of(chain),
                                   .account = nobody,
                                   .request = c->request,
                                   .rest = rest,
                                   .rest_bytes = 4 * (REQUEST_TOKENS + run->chosen)};
    must(make(d, chain, &move, &outcome), "post", chain->message);
    c->id = outcome.claim;
    c->is_settled = true;
}

void double_show(struct double_executor *d, struct crux_chain *chain, uint32_t number) {
    const struct double_claim *c = &d->claim[number];
    uint8_t claim[CRUX_CLAIM_BYTES], path[32 * CRUX_MERKLE_DEPTH_MAX];
    struct crux_merkle_tree tree;
    struct crux_writer writer;
    void *memory;
    uint64_t leaf = c->id.member;
    const struct double_batch *batch = d->batch;
    while (number < batch->first || number >= batch->first + batch->count) batch++;
    take_hashes(d, batch->first, batch->count, &tree, &memory);
    crux_writer_init(&writer, path, sizeof path);
    must(crux_merkle_prove(&writer, &tree, &leaf, 1), "prove", "");
    free(memory);
    crux_claim_encode(claim, crux_archive_claim(c->archive));
    const struct crux_move move = {.kind = CRUX_MOVE_SHOW,
                                   .claim = c->id,
                                   .claim_bytes = claim,
                                   .rest = path,
                                   .rest_bytes = writer.at};
    enum crux_status status = make(d, chain, &move, NULL);
    if (status != CRUX_E_CLAIM_FALLEN && status != CRUX_E_WINDOW_CLOSED)
        must(status, "show", chain->message);
}

/* ---- defence ---- */

struct turn {
    struct double_executor *d;
    struct double_claim *claim;
    struct crux_solver_move step;
    bool unshown_demand;
};

static enum crux_status solve(void *ctx, const struct crux_game *game, uint64_t now) {
    struct turn *turn = ctx;
    struct crux_game_claim claim;
    const struct crux_claim_id *id = &turn->claim->id;
    turn->step.any = false;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK || claim.fallen) return status;
    if (claim.demand == CRUX_DEMAND_OPEN && !claim.shown) {
        turn->unshown_demand = true;
        return CRUX_OK;
    }
    status = crux_solver_publish(&turn->step, game, id, &turn->claim->provider.provider, now);
    for (uint32_t i = 0; status == CRUX_OK && !turn->step.any && i < claim.disputes; i++)
        status = crux_solver_defend(&turn->step, game, id, i, &turn->claim->provider.provider, now);
    return status;
}

/* What a liar cannot prove is refused, or cannot be made: its clock runs on. */
static bool defend_one(struct double_executor *d, struct crux_chain *chain,
                       struct double_claim *claim) {
    struct turn *turn = calloc(1, sizeof *turn);
    CRUX_ASSERT(turn != NULL);
    turn->d = d;
    turn->claim = claim;
    (void)pthread_mutex_lock(&d->lock);
    bool made = chain->ops->look(chain, solve, turn) == CRUX_OK && turn->step.any &&
                make(d, chain, &turn->step.move, NULL) == CRUX_OK;
    (void)pthread_mutex_unlock(&d->lock);
    if (turn->unshown_demand) {
        double_show(d, chain, (uint32_t)(claim - d->claim));
        made = true;
    }
    free(turn);
    return made;
}

unsigned double_defend(struct double_executor *d, struct crux_chain *chain) {
    unsigned moves = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->claim[i].is_settled) moves += defend_one(d, chain, &d->claim[i]);
    }
    return moves;
}
