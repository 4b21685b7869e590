/* The executor's defence over a chain file: sham challengers lose, whenever it is killed and wherever the chain goes back;
 * who falls silent loses by the clock; a promise that was false is not defended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor/service/defend.h"
#include "tests/chain-adapter/local/local_chain.h"
#include "tests/executor/engine/engine_fixture.h"
#include "tests/support/game_table.h"

enum {
    CONTEXT = 40,
    CLAIMS = 2,
    SHAMS = 2,  /* players who point at what is right */
    SILENT = 3, /* an account that opens a dispute and says no more */
    EXECUTOR = 0,
    ACCOUNTS = 4,
    MONEY = 1000000,
    BOND = 1000,
    LOOKS_MAX = 40000,
    LOOK_NANOSECONDS = 1000 * 1000,
    REORGS = 8,
    KILLS = 12
};

struct lie {
    uint32_t pos, layer, op;
    bool hit;
};

struct claimed {
    uint32_t tokens[FIXTURE_TOKENS_MAX];
    struct crux_archive_request request;
    struct crux_archive *archive;
    struct crux_claim claim;
    uint8_t request_bytes[CRUX_REQUEST_BYTES], hash[32], bytes[CRUX_CLAIM_BYTES];
    struct crux_claim_id id;
    struct lie lie[SHAMS];
    struct crux_archive *sham[SHAMS];
    struct crux_archive_provider own[SHAMS];
};

/* The same in every process that has the same seed. */
struct world {
    struct engine_fixture f;
    struct crux_engine_model *engine_model;
    struct claimed claimed[CLAIMS];
};

static void pause_for(long nanoseconds) {
    struct timespec time = {.tv_nsec = nanoseconds};
    (void)nanosleep(&time, NULL);
}

/* ---- worlds ---- */

static void tell_lie(void *ctx, struct crux_step *step, uint32_t op) {
    struct lie *lie = ctx;
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
static void make_sham(struct world *world, struct claimed *claimed, unsigned number,
                      struct crux_random *random) {
    const struct crux_program *program = &world->f.program;
    struct crux_archive_request request = claimed->request;
    struct lie *lie = &claimed->lie[number];
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

static void make_claim(struct world *world, struct claimed *claimed, unsigned number,
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

static void world_open(struct world *world, uint64_t seed) {
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
    for (unsigned i = 0; i < CLAIMS; i++) make_claim(world, &world->claimed[i], i, &random);
    for (unsigned i = 0; i < CLAIMS; i++) {
        for (unsigned sham = 0; sham < SHAMS; sham++)
            make_sham(world, &world->claimed[i], sham, &random);
    }
}

static void world_close(struct world *world) {
    for (unsigned i = 0; i < CLAIMS; i++) {
        crux_archive_free(world->claimed[i].archive);
        for (unsigned sham = 0; sham < SHAMS; sham++)
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

static uint64_t events_of(struct crux_chain *chain) {
    struct crux_chain_local_info info;
    assert_int_equal(crux_chain_local_info(chain, &info), CRUX_OK);
    return info.events;
}

/* Returns: events after which the claims stand there. */
static uint64_t begin(struct world *world, struct local_chain *made) {
    static const uint8_t nobody[20];
    const struct crux_model_tree *tree = &world->f.model.tree;
    uint8_t layers_root[32];
    local_chain_make(made, &table_parameters, NULL);
    crux_merkle_tree_root(layers_root, &tree->layers);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(made->chain.ops->deposit(&made->chain, &account, MONEY), CRUX_OK);
    }
    assert_true(move(&made->chain, EXECUTOR,
                     &(struct crux_move){.kind = CRUX_MOVE_REGISTER,
                                         .header = tree->header,
                                         .manifest_hash = tree->manifest_hash,
                                         .layers_root = layers_root}));
    for (unsigned i = 0; i < CLAIMS; i++) {
        const struct claimed *claimed = &world->claimed[i];
        assert_true(move(&made->chain, EXECUTOR,
                         &(struct crux_move){.kind = CRUX_MOVE_SETTLE,
                                             .hash = claimed->hash,
                                             .count = 1,
                                             .account = nobody,
                                             .amount = BOND}));
        assert_true(move(&made->chain, EXECUTOR,
                         &(struct crux_move){.kind = CRUX_MOVE_SHOW,
                                             .claim = claimed->id,
                                             .claim_bytes = claimed->bytes,
                                             .rest = claimed->bytes}));
    }
    return events_of(&made->chain);
}

/* ---- challengers: they keep nothing either ---- */

struct challenge {
    struct world *world;
    unsigned claim, account; /* 1 .. SHAMS, or SILENT */
    struct crux_solver_move step;
    bool is_over, is_executors, lost;
};

static enum crux_status decide(void *ctx, const struct crux_game *game, uint64_t now) {
    struct challenge *challenge = ctx;
    struct claimed *claimed = &challenge->world->claimed[challenge->claim];
    const struct crux_provider *own =
        &claimed->own[challenge->account == SILENT ? 0 : challenge->account - 1].provider;
    struct crux_game_dispute_of of;
    struct crux_game_dispute dispute;
    memset(&of, 0, sizeof of);
    of.key.batch = claimed->id.batch;
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
    if (challenge->is_over || challenge->account == SILENT || dispute.stage == CRUX_STAGE_QUEUED)
        return CRUX_OK;
    return crux_solver_challenge(&challenge->step, game, &claimed->id, of.number, own, NULL, now);
}

struct state {
    unsigned moved, over, lost; /* over, lost: of the disputes of those who speak */
    bool silent_over;
    bool is_executors; /* it is the executor's turn somewhere */
};

/* All challengers make a move each, where they have one. */

static struct state challenge_all(struct world *world, struct crux_chain *chain) {
    static struct challenge challenge;
    struct state state = {.moved = 0};
    for (unsigned claim = 0; claim < CLAIMS; claim++) {
        for (unsigned account = 1; account <= SHAMS; account++) {
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
    challenge.account = SILENT;
    assert_int_equal(chain->ops->look(chain, decide, &challenge), CRUX_OK);
    if (challenge.step.any) state.moved += move(chain, SILENT, &challenge.step.move);
    state.silent_over = challenge.is_over;
    state.is_executors = state.is_executors || challenge.is_executors;
    return state;
}

static enum crux_status check_claims(void *ctx, const struct crux_game *game, uint64_t now) {
    const struct world *world = ctx;
    (void)now;
    for (unsigned i = 0; i < CLAIMS; i++) {
        struct crux_game_claim claim;
        assert_int_equal(crux_game_get_claim(game, &world->claimed[i].id, &claim), CRUX_OK);
        assert_false(claim.fallen);
        assert_int_equal(claim.open, 0);
    }
    return CRUX_OK;
}

/* ---- the executor ---- */

struct executor {
    struct crux_archives *archives;
    struct crux_defend *defend;
    struct crux_defend_case cases[CLAIMS];
    const char *path;
};

static enum crux_status open_chain(void *ctx, struct crux_chain *chain) {
    const struct executor *executor = ctx;
    return crux_chain_local_open(chain, executor->path, NULL);
}

/* In: bytes_max, of archives. */
static void executor_open(struct executor *executor, struct world *world, const char *path,
                          uint64_t bytes_max) {
    const struct crux_archives_model model = {.engine_model = world->engine_model,
                                              .program = &world->f.program,
                                              .memory = &world->f.memory,
                                              .manifest = {(const uint8_t *)"fixture", 8},
                                              .root = world->f.model.tree.root};
    const struct crux_archives_options options = {.bytes_max = bytes_max};
    const struct crux_defend_options defend = {
        .account = table_account(EXECUTOR), .open = open_chain, .ctx = executor};
    memset(executor, 0, sizeof *executor);
    executor->path = path;
    assert_int_equal(crux_archives_open(&executor->archives, &model, 1, &options), CRUX_OK);
    assert_int_equal(crux_defend_open(&executor->defend, executor->archives, &defend), CRUX_OK);
    for (unsigned i = 0; i < CLAIMS; i++) {
        struct claimed *claimed = &world->claimed[i];
        executor->cases[i] = (struct crux_defend_case){
            .id = claimed->id, .run = {.tokens = claimed->tokens, .claim = claimed->claim}};
        memcpy(executor->cases[i].run.request, claimed->request_bytes, CRUX_REQUEST_BYTES);
    }
}

static void executor_tick(struct executor *executor) {
    assert_int_equal(crux_defend_set(executor->defend, executor->cases, CLAIMS), CRUX_OK);
}

static void executor_close(struct executor *executor) {
    crux_archives_close(executor->archives);
    crux_defend_close(executor->defend);
}

/* ---- games ---- */

/* Plays until nothing is open. In: each, called at each look, may be NULL. */
static void play(struct world *world, struct local_chain *made,
                 void (*each)(void *ctx, const struct state *state), void *ctx) {
    struct state state;
    unsigned looks = 0;
    uint64_t late_at = 0;
    do {
        assert_true(looks++ < LOOKS_MAX);
        state = challenge_all(world, &made->chain);
        /* the silent one's clock runs out when nobody else's runs */
        uint64_t events = events_of(&made->chain);
        if (events != late_at && state.moved == 0 && !state.is_executors && !state.silent_over) {
            uint64_t seconds = table_parameters.clock_seconds + table_parameters.extension_seconds;
            assert_int_equal(made->chain.ops->advance(&made->chain, seconds + 1), CRUX_OK);
            late_at = events;
        }
        if (each != NULL) each(ctx, &state);
        pause_for(LOOK_NANOSECONDS);
    } while (state.over < CLAIMS * SHAMS || !state.silent_over || state.moved > 0);
    assert_int_equal(state.lost, CLAIMS * SHAMS);
    assert_int_equal(made->chain.ops->look(&made->chain, check_claims, world), CRUX_OK);
}

struct here {
    struct executor executor;
    struct local_chain *made;
    struct crux_random random;
    uint64_t events; /* at the beginning: not taken back */
    unsigned reorgs;
};

static void tick_here(void *ctx, const struct state *state) {
    struct here *here = ctx;
    uint64_t events = events_of(&here->made->chain);
    executor_tick(&here->executor);
    if (here->reorgs == REORGS || state->over > 0 || events < here->events + 4 ||
        !crux_random_one_in(&here->random, 10))
        return;
    uint64_t back = 1 + crux_random_below(&here->random, 3);
    here->reorgs += here->made->chain.ops->rewind(&here->made->chain, back) == CRUX_OK;
}

static void test_shams_lose(void **state) {
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        struct world *world = calloc(1, sizeof *world);
        struct local_chain made;
        struct crux_defend_figures figures;
        struct crux_archives_figures archives;
        assert_non_null(world);
        world_open(world, 40 + round);
        struct here here = {.made = &made, .random = {.state = round}};
        here.events = begin(world, &made);
        if (round % 2 == 0) here.reorgs = REORGS; /* none */
        executor_open(&here.executor, world, made.path, round < 2 ? UINT64_MAX : 1);
        play(world, &made, tick_here, &here);
        crux_defend_figures(here.executor.defend, &figures);
        crux_archives_figures(here.executor.archives, &archives);
        assert_int_equal(figures.missed, 0);
        assert_int_equal(figures.false_promises, 0);
        assert_true(figures.moves > CLAIMS * SHAMS);
        assert_true(archives.made >= CLAIMS);
        if (round < 2)
            assert_int_equal(archives.made, CLAIMS);
        else
            assert_int_equal(archives.kept, 1);
        executor_close(&here.executor);
        local_chain_remove(&made);
        world_close(world);
        free(world);
    }
}

/* ---- killed ---- */

enum { KILL_SEED = 77 };

/* Another process, with nothing but the chain file and what the store would tell it. */
static _Noreturn void defender(const char *path) {
    static struct world world;
    static struct executor executor;
    world_open(&world, KILL_SEED);
    executor_open(&executor, &world, path, UINT64_MAX);
    for (;;) {
        executor_tick(&executor);
        pause_for(LOOK_NANOSECONDS);
    }
}

struct there {
    struct local_chain *made;
    struct crux_random random;
    pid_t pid;
    unsigned kills;
    uint64_t events; /* as seen last */
};

static void start(struct there *there) {
    there->pid = fork();
    assert_true(there->pid >= 0);
    if (there->pid > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execl("/proc/self/exe", "defender", "--defender", there->made->path, (char *)NULL);
    _exit(127);
}

static void stop(struct there *there) {
    int status;
    assert_int_equal(kill(there->pid, SIGKILL), 0);
    assert_int_equal(waitpid(there->pid, &status, 0), there->pid);
    assert_true(WIFSIGNALED(status)); /* it had not ended by itself */
}

/* Killed at any moment after it has moved: in the midst of its next moves, often. */
static void strike(void *ctx, const struct state *state) {
    struct there *there = ctx;
    uint64_t events = events_of(&there->made->chain), others = there->events + state->moved;
    there->events = events;
    if (there->kills == KILLS || events <= others) return;
    pause_for((long)crux_random_below(&there->random, 3000000));
    stop(there);
    there->kills++;
    start(there);
}

static void test_killed(void **state) {
    struct world *world = calloc(1, sizeof *world);
    struct local_chain made;
    struct there there = {.made = &made, .random = {.state = 5}};
    (void)state;
    assert_non_null(world);
    world_open(world, KILL_SEED);
    there.events = begin(world, &made);
    start(&there);
    play(world, &made, strike, &there);
    stop(&there);
    assert_true(there.kills > 0);
    print_message("killed %u times\n", there.kills);
    local_chain_remove(&made);
    world_close(world);
    free(world);
}

/* ---- archives ---- */

struct asked {
    volatile bool done;
    enum crux_status status;
    uint8_t leaf[32];
};

static void use(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    struct asked *asked = ctx;
    const struct crux_tree_id tree = {.kind = CRUX_TREE_TRACE};
    asked->status = status;
    if (status == CRUX_OK) asked->status = provider->node(provider->ctx, &tree, 0, 0, asked->leaf);
    __atomic_store_n(&asked->done, true, __ATOMIC_RELEASE);
}

static enum crux_status ask(struct crux_archives *archives, const struct crux_archives_run *run,
                            struct asked *asked) {
    *asked = (struct asked){.done = false};
    assert_int_equal(crux_archives_submit(archives, run, use, asked), CRUX_OK);
    while (!__atomic_load_n(&asked->done, __ATOMIC_ACQUIRE)) pause_for(LOOK_NANOSECONDS);
    return asked->status;
}

static void test_archives(void **state) {
    struct world *world = calloc(1, sizeof *world);
    struct executor executor;
    struct asked asked;
    struct crux_archives_figures figures;
    (void)state;
    assert_non_null(world);
    world_open(world, 9);
    executor_open(&executor, world, "/nowhere", UINT64_MAX);
    struct crux_archives_run run = executor.cases[0].run;
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_OK);
    const struct crux_merkle_tree *trace;
    assert_int_equal(crux_archive_tree(world->claimed[0].archive,
                                       &(struct crux_tree_id){.kind = CRUX_TREE_TRACE}, &trace),
                     CRUX_OK);
    assert_memory_equal(asked.leaf, trace->hash[0], 32);
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_OK);
    /* another trace than was promised: found out, and not tried again at once */
    run.claim.trace_root[5] ^= 1;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(ask(executor.archives, &run, &asked), CRUX_E_CLAIM_MISMATCH);
    run.claim.model_root[0] ^= 1;
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_E_MODEL_UNKNOWN);
    crux_archives_figures(executor.archives, &figures);
    assert_int_equal(figures.made, 1);
    assert_int_equal(figures.reused, 1);
    assert_int_equal(figures.kept, 1);
    assert_true(figures.bytes > 0);
    executor_close(&executor);
    world_close(world);
    free(world);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives),
        cmocka_unit_test(test_shams_lose),
        cmocka_unit_test(test_killed),
    };
    if (argc == 3 && strcmp(argv[1], "--defender") == 0) defender(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
