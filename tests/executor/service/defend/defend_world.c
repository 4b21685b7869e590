#include "tests/executor/service/defend/defend_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "tests/support/game_table.h"

enum {
    CONTEXT = 40,
    BOND = 1000,
    LOOKS_MAX = 200000,
    LOOKS_LATE = 1000 /* then once more: a dispute may have begun since */
};

void defend_pause(long nanoseconds) {
    struct timespec time = {.tv_nsec = nanoseconds};
    (void)nanosleep(&time, NULL);
}

/* ---- worlds ---- */

static void tell_lie(void *ctx, struct crux_step *step, uint32_t op) {
    struct defend_lie *lie = ctx;
    if (step->pos != lie->pos || step->layer != lie->layer || op != lie->op ||
        step->tensors[op].elements == 0)
        return;
    const struct crux_op *law =
        &step->program->ops[step->program->layers[step->layer].first + op].op;
    int64_t right = crux_dtype_get(law->dtype, step->tensors[op].bytes);
    if (law->lo == law->hi) return;
    crux_dtype_put(step->tensors[op].bytes, law->dtype, right == law->hi ? right - 1 : right + 1);
    lie->hit = true;
}

/* A run that differs in one element, somewhere in a layer of blocks. */
static void make_sham(struct defend_world *world, struct defend_claimed *claimed, unsigned number,
                      struct crux_random *random) {
    const struct crux_program *program = &world->f.program;
    struct crux_archive_request request = claimed->request;
    struct defend_lie *lie = &claimed->lie[number];
    struct crux_lie told = {.ctx = lie, .computed = tell_lie};
    request.stop_early = claimed->claim.chosen_tokens;
    request.ignore_stops = true;
    do {
        crux_archive_free(claimed->sham[number]);
        lie->hit = false;
        lie->pos = (uint32_t)crux_random_below(random, crux_claim_positions(&claimed->claim));
        lie->layer = (uint32_t)crux_random_below(random, program->header.layers - 1);
        lie->op = (uint32_t)crux_random_below(random, program->layers[lie->layer].ops);
        assert_int_equal(crux_archive_run(&claimed->sham[number], &world->f.model, &request, &told),
                         CRUX_OK);
    } while (!lie->hit);
    crux_archive_provider(&claimed->own[number], claimed->sham[number]);
}

static void make_claim(struct defend_world *world, struct defend_claimed *claimed, unsigned number,
                       struct crux_random *random) {
    struct crux_request *fields = &claimed->request.fields;
    uint32_t n = (uint32_t)crux_random_between(random, 1, 12);
    for (uint32_t i = 0; i < n; i++)
        claimed->tokens[i] = (uint32_t)crux_random_below(random, world->f.config.vocab);
    fields->request_tokens = n;
    fields->limit = 5 + number;
    fields->nonce[0] = (uint8_t)number;
    fields->param[CRUX_SAMPLE_TEMPERATURE] = 1 << 15;
    fields->param[CRUX_SAMPLE_TOP_P] = fields->param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    claimed->request.tokens = claimed->tokens;
    assert_int_equal(crux_archive_run(&claimed->archive, &world->f.model, &claimed->request, NULL),
                     CRUX_OK);
    claimed->claim = *crux_archive_claim(claimed->archive);
    struct crux_evidence evidence;
    crux_archive_evidence(claimed->archive, &evidence);
    memcpy(claimed->request_bytes, evidence.request, CRUX_REQUEST_BYTES);
    crux_claim_hash(claimed->hash, &claimed->claim);
    crux_claim_encode(claimed->bytes, &claimed->claim);
    claimed->id = (struct crux_claim_id){.batch = number};
}

void defend_world_open(struct defend_world *world, uint64_t seed) {
    struct crux_random random = {.state = seed};
    struct crux_fused_decoder config;
    char what[CRUX_NAME_BYTES];
    memset(world, 0, sizeof *world);
    do engine_fixture_random_config(&config, &random, CONTEXT);
    while (config.blocks < 2 || config.vocab < 4);
    engine_fixture_init(&world->f, &config, &random);
    const struct crux_engine_source source = {
        .config = &world->f.config, .program = &world->f.program, .memory = &world->f.memory};
    assert_int_equal(crux_engine_model_open(&world->engine_model, &source, NULL, what), CRUX_OK);
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) make_claim(world, &world->claimed[i], i, &random);
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        for (unsigned sham = 0; sham < DEFEND_SHAMS; sham++)
            make_sham(world, &world->claimed[i], sham, &random);
    }
}

void defend_world_close(struct defend_world *world) {
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        crux_archive_free(world->claimed[i].archive);
        for (unsigned sham = 0; sham < DEFEND_SHAMS; sham++)
            crux_archive_free(world->claimed[i].sham[sham]);
    }
    crux_engine_model_close(world->engine_model);
    engine_fixture_free(&world->f);
}

/* ---- the chain ---- */

/* Returns: whether the chain took it. */
static bool move(struct crux_chain *chain, unsigned sender, const struct crux_move *what) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_account account = table_account(sender);
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    assert_int_equal(crux_move_encode(&writer, what), CRUX_OK);
    return chain->ops->move(chain, &outcome, &account, bytes, writer.at) == CRUX_OK;
}

uint64_t defend_events(struct crux_chain *chain) {
    struct crux_chain_local_info info;
    assert_int_equal(crux_chain_local_info(chain, &info), CRUX_OK);
    return info.events;
}

uint64_t defend_world_post(struct defend_world *world, struct local_chain *made) {
    static const uint8_t nobody[20];
    const struct crux_model_tree *tree = &world->f.model.tree;
    uint8_t layers_root[32];
    local_chain_make(made, &table_parameters, NULL);
    crux_merkle_tree_root(layers_root, &tree->layers);
    for (unsigned i = 0; i < DEFEND_ACCOUNTS; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(made->chain.ops->deposit(&made->chain, &account, DEFEND_MONEY), CRUX_OK);
    }
    assert_true(move(&made->chain, DEFEND_EXECUTOR,
                     &(struct crux_move){.kind = CRUX_MOVE_REGISTER,
                                         .header = tree->header,
                                         .manifest_hash = tree->manifest_hash,
                                         .layers_root = layers_root}));
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        const struct defend_claimed *claimed = &world->claimed[i];
        assert_true(move(&made->chain, DEFEND_EXECUTOR,
                         &(struct crux_move){.kind = CRUX_MOVE_SETTLE,
                                             .hash = claimed->hash,
                                             .count = 1,
                                             .account = nobody,
                                             .amount = BOND}));
        assert_true(move(&made->chain, DEFEND_EXECUTOR,
                         &(struct crux_move){.kind = CRUX_MOVE_SHOW,
                                             .claim = claimed->id,
                                             .claim_bytes = claimed->bytes,
                                             .rest = claimed->bytes}));
    }
    return defend_events(&made->chain);
}

/* ---- challengers: they keep nothing either ---- */

struct challenge {
    struct defend_world *world;
    unsigned claim, account; /* 1 .. DEFEND_SHAMS, or DEFEND_SILENT */
    struct crux_solver_move step;
    bool is_over, is_executors, lost;
};

static enum crux_status decide(void *ctx, const struct crux_game *game, uint64_t now) {
    struct challenge *challenge = ctx;
    struct defend_claimed *claimed = &challenge->world->claimed[challenge->claim];
    const struct crux_provider *own =
        &claimed->own[challenge->account == DEFEND_SILENT ? 0 : challenge->account - 1].provider;
    struct crux_game_dispute_of of;
    struct crux_game_dispute dispute;
    memset(&of, 0, sizeof of);
    of.key.batch = claimed->id.batch;
    of.key.member = claimed->id.member;
    of.key.nonce = 1;
    of.key.challenger = table_account(challenge->account);
    challenge->step.any = challenge->is_over = challenge->is_executors = false;
    if (game->store.get(game->store.ctx, CRUX_TABLE_DISPUTE_OF, &of.key, &of) != CRUX_OK)
        return crux_solver_open(&challenge->step, &claimed->id, &claimed->claim, CRUX_TARGET_TRACE,
                                0, 1, UINT64_C(1) << 40, challenge->world->f.program.header.layers,
                                own, NULL);
    assert_int_equal(crux_game_get_dispute(game, &claimed->id, of.number, &dispute), CRUX_OK);
    challenge->is_over = dispute.stage >= CRUX_STAGE_WON;
    challenge->lost = dispute.stage == CRUX_STAGE_LOST;
    challenge->is_executors = crux_game_turn(&dispute) == 0;
    if (challenge->is_over || challenge->account == DEFEND_SILENT ||
        dispute.stage == CRUX_STAGE_QUEUED)
        return CRUX_OK;
    return crux_solver_challenge(&challenge->step, game, &claimed->id, of.number, own, NULL, now);
}

/* All challengers make a move each, where they have one. */
static struct defend_state challenge_all(struct defend_world *world, struct crux_chain *chain) {
    static struct challenge challenge;
    struct defend_state state = {.moved = 0};
    for (unsigned claim = 0; claim < DEFEND_CLAIMS; claim++) {
        for (unsigned account = 1; account <= DEFEND_SHAMS; account++) {
            challenge.world = world;
            challenge.claim = claim;
            challenge.account = account;
            assert_int_equal(chain->ops->look(chain, decide, &challenge), CRUX_OK);
            state.over += challenge.is_over;
            state.lost += challenge.is_over && challenge.lost;
            state.is_executors = state.is_executors || challenge.is_executors;
            if (challenge.step.any) state.moved += move(chain, account, &challenge.step.move);
        }
    }
    challenge.claim = 0;
    challenge.account = DEFEND_SILENT;
    assert_int_equal(chain->ops->look(chain, decide, &challenge), CRUX_OK);
    if (challenge.step.any) state.moved += move(chain, DEFEND_SILENT, &challenge.step.move);
    state.silent_over = challenge.is_over;
    state.is_executors = state.is_executors || challenge.is_executors;
    return state;
}

static enum crux_status check_claims(void *ctx, const struct crux_game *game, uint64_t now) {
    const struct defend_world *world = ctx;
    (void)now;
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        struct crux_game_claim claim;
        assert_int_equal(crux_game_get_claim(game, &world->claimed[i].id, &claim), CRUX_OK);
        assert_false(claim.fallen);
        assert_int_equal(claim.open, 0);
    }
    return CRUX_OK;
}

/* ---- the executor ---- */

static enum crux_status open_chain(void *ctx, struct crux_chain *chain) {
    const struct defend_executor *executor = ctx;
    return crux_chain_local_open(chain, executor->path, NULL);
}

struct crux_archives_model defend_model(struct defend_world *world) {
    return (struct crux_archives_model){.engine_model = world->engine_model,
                                        .program = &world->f.program,
                                        .memory = &world->f.memory,
                                        .manifest = {(const uint8_t *)"fixture", 8},
                                        .root = world->f.model.tree.root};
}

void defend_executor_open(struct defend_executor *executor, struct defend_world *world,
                          const char *path, const struct crux_account *account,
                          uint64_t bytes_max) {
    const struct crux_archives_model model = defend_model(world);
    const struct crux_archives_options options = {.bytes_max = bytes_max};
    const struct crux_defend_options defend = {
        .account = *account, .open = open_chain, .ctx = executor};
    memset(executor, 0, sizeof *executor);
    executor->path = path;
    assert_int_equal(crux_archives_open(&executor->archives, &model, 1, &options), CRUX_OK);
    assert_int_equal(crux_defend_open(&executor->defend, executor->archives, &defend), CRUX_OK);
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        struct defend_claimed *claimed = &world->claimed[i];
        executor->cases[i] = (struct crux_defend_case){
            .id = claimed->id,
            .run = {.tokens = claimed->tokens,
                    .output = crux_archive_tokens(claimed->archive)->tokens,
                    .claim = claimed->claim}};
        memcpy(executor->cases[i].run.request, claimed->request_bytes, CRUX_REQUEST_BYTES);
    }
}

void defend_executor_tick(struct defend_executor *executor) {
    assert_int_equal(crux_defend_set(executor->defend, executor->cases, DEFEND_CLAIMS, 0), CRUX_OK);
}

void defend_executor_close(struct defend_executor *executor) {
    crux_archives_close(executor->archives);
    crux_defend_close(executor->defend);
}

/* ---- games ---- */

void defend_play(struct defend_world *world, struct crux_chain *chain, uint64_t late_seconds,
                 void (*each)(void *ctx, const struct defend_state *state), void *ctx) {
    struct defend_state state;
    unsigned looks = 0, late_at = 0;
    do {
        assert_true(looks++ < LOOKS_MAX);
        state = challenge_all(world, chain);
        /* the silent one's clock runs out when nobody else's runs */
        if (state.moved == 0 && !state.is_executors && !state.silent_over &&
            (late_at == 0 || looks > late_at + LOOKS_LATE)) {
            assert_int_equal(chain->ops->advance(chain, late_seconds), CRUX_OK);
            late_at = looks;
        }
        state.is_late = late_at != 0;
        if (each != NULL) each(ctx, &state);
        defend_pause(DEFEND_LOOK_NANOSECONDS);
    } while (state.over < DEFEND_CLAIMS * DEFEND_SHAMS || !state.silent_over || state.moved > 0);
    assert_int_equal(state.lost, DEFEND_CLAIMS * DEFEND_SHAMS);
    assert_int_equal(chain->ops->look(chain, check_claims, world), CRUX_OK);
}
