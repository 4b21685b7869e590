/* Two processes play a dispute over one chain file, and are killed by SIGKILL before, in the midst of and after each move:
 * the one that moves, the other one, or both. The dispute must end as if nothing had happened, to the last byte: the hash
 * over all events is that of the game in which nobody was killed, so no move was lost and none was made twice.
 *
 *   test_local_dispute_kill [--each N]     also one game for each move, moment and victim alone, N times over
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/chain-adapter/local/dispute_player.h"
#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/random.h"

enum {
    MONEY = 1000000,
    STEP_SECONDS = 12,         /* that pass after each move */
    WAIT_MILLISECONDS = 60000, /* for a player; then something hangs */
    MOVES_MAX = 400,
    EVERY_MOVE = 0
};

enum victim { MOVER, OTHER, BOTH, VICTIMS };
enum moment { BEFORE, DURING, AFTER, MOMENTS };

/* Who is killed, when; at which move, or EVERY_MOVE. */
struct plan {
    bool kills;
    uint64_t move;
    enum victim victim;
    enum moment moment;
};

struct child {
    pid_t pid;
    int from, to;
    bool said; /* `last` is what it said since it was told anything */
    struct dispute_report last;
};

struct game {
    enum dispute_scene scene;
    struct local_chain made;
    struct child child[DISPUTE_ROLES];
    uint64_t events, time; /* of the chain */
    uint64_t moves;
};

/* Over all games of a scene. */
struct figures {
    uint64_t games, moves, kills, whole, absent;
};

static struct crux_random rng = {.state = 20};
static uint64_t move_nanoseconds =
    2000000; /* that a move takes, about; half of what the last ones took */
static unsigned each;

/* ---- processes ---- */

static void start(struct game *game, unsigned role) {
    struct child *child = &game->child[role];
    char words[4][16];
    int there[2], back[2];
    assert_int_equal(pipe(there), 0);
    assert_int_equal(pipe(back), 0);
    (void)fcntl(there[1], F_SETFD, FD_CLOEXEC);
    (void)fcntl(back[0], F_SETFD, FD_CLOEXEC);
    (void)snprintf(words[0], sizeof words[0], "%u", role);
    (void)snprintf(words[1], sizeof words[1], "%u", (unsigned)game->scene);
    (void)snprintf(words[2], sizeof words[2], "%d", there[0]);
    (void)snprintf(words[3], sizeof words[3], "%d", back[1]);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) { /* a new program, which has nothing of this one */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl("/proc/self/exe", "player", "--player", words[0], words[1], game->made.path,
                    words[2], words[3], (char *)NULL);
        _exit(127);
    }
    (void)close(there[0]);
    (void)close(back[1]);
    child->to = there[1];
    child->from = back[0];
    child->said = false;
}

static void stop(struct child *child) {
    int status;
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    assert_true(WIFSIGNALED(
        status)); /* it had not ended by itself, which it does only if something is wrong */
    (void)close(child->from);
    (void)close(child->to);
}

static void tell(struct child *child, enum dispute_word word) {
    char byte = (char)word;
    assert_int_equal(write(child->to, &byte, 1), 1);
    child->said = false;
}

static void hear(struct child *child) {
    struct pollfd ready = {.fd = child->from, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, WAIT_MILLISECONDS), 1);
    assert_int_equal(read(child->from, &child->last, sizeof child->last), sizeof child->last);
    child->said = true;
}

/* ---- the chain ---- */

static void look(struct game *game) {
    struct crux_chain_local_info info;
    assert_int_equal(crux_chain_local_info(&game->made.chain, &info), CRUX_OK);
    game->events = info.events;
    struct local_chain_totals totals = local_chain_totals(&game->made.chain);
    assert_int_equal(totals.total, totals.deposited);
    game->time = totals.now;
}

static void pass_time(struct game *game, uint64_t seconds) {
    assert_int_equal(game->made.chain.ops->advance(&game->made.chain, seconds), CRUX_OK);
    look(game);
}

/* Out: when, the next time at which something is due that waits for nobody; UINT64_MAX if nothing is. */
static enum crux_status find_due(void *ctx, const struct crux_game *rules, uint64_t now) {
    uint64_t *when = ctx;
    struct crux_claim_id id = {0};
    struct crux_game_claim claim;
    struct crux_game_batch batch;
    struct crux_game_dispute dispute;
    *when = UINT64_MAX;
    assert_int_equal(crux_game_get_batch(rules, 0, &batch), CRUX_OK);
    assert_int_equal(crux_game_get_claim(rules, &id, &claim), CRUX_OK);
    uint64_t end = batch.posted_at + batch.parameters.window_seconds + 1;
    if (!claim.fallen && end > now) *when = end;
    for (uint32_t i = 0; i < claim.disputes; i++) {
        assert_int_equal(crux_game_get_dispute(rules, &id, i, &dispute), CRUX_OK);
        uint64_t deadline = crux_game_deadline(&dispute);
        if (deadline < *when) *when = deadline + 1;
    }
    return CRUX_OK;
}

/* ---- one game ---- */

/* Waits until both players have seen the chain as it is. */
static void settle(struct game *game) {
    for (unsigned role = 0; role < DISPUTE_ROLES; role++) {
        struct child *child = &game->child[role];
        for (;;) {
            if (!child->said) hear(child);
            if (child->last.events == game->events && child->last.time == game->time) break;
            if (child->last.what == DISPUTE_READY) tell(child, DISPUTE_LOOK);
            child->said = false;
        }
    }
}

static void kill_some(struct game *game, unsigned mover, enum victim victim,
                      struct figures *figures) {
    for (unsigned role = 0; role < DISPUTE_ROLES; role++) {
        if (victim != BOTH && (role == mover) != (victim == MOVER)) continue;
        stop(&game->child[role]);
        figures->kills++;
    }
    /* both are dead before either lives again */
    for (unsigned role = 0; role < DISPUTE_ROLES; role++) {
        if (victim == BOTH || (role == mover) == (victim == MOVER)) start(game, role);
    }
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The player's move, and whoever is killed in the midst of it. */
static void make(struct game *game, unsigned mover, const struct plan *plan, bool strikes,
                 struct figures *figures) {
    struct child *child = &game->child[mover];
    uint64_t before = game->events;
    uint64_t began = nanoseconds();
    bool cut = strikes && plan->moment == DURING;
    tell(child, DISPUTE_GO);
    if (cut) {
        long wait = (long)crux_random_below(&rng, 2 * move_nanoseconds);
        (void)nanosleep(&(struct timespec){.tv_nsec = wait}, NULL);
        kill_some(game, mover, plan->victim, figures);
    }
    if (!cut || plan->victim == OTHER) {
        do hear(child);
        while (child->last.what != DISPUTE_MADE);
        child->said = false;
    }
    if (!cut) move_nanoseconds = (3 * move_nanoseconds + (nanoseconds() - began)) / 4 + 1;
    look(game);
    assert_in_range(game->events, before + (cut ? 0 : 1), before + 1);
    if (cut && plan->victim != OTHER) {
        figures->whole += game->events != before;
        figures->absent += game->events == before;
    }
    if (strikes && plan->moment == AFTER) kill_some(game, mover, plan->victim, figures);
    if (game->events == before) return; /* it will be made again */
    game->moves++;
    pass_time(game, STEP_SECONDS);
}

/* Everything has been withdrawn, and everybody has what they should. */
static void check_end(struct game *game, const struct crux_game_parameters *p) {
    struct local_chain_totals totals = local_chain_totals(&game->made.chain);
    bool fell = game->scene == DISPUTE_FALSE_CLAIM;
    const struct crux_game_chain *chain = &totals.chain;
    assert_int_equal(chain->balances + chain->bonds + chain->stakes + chain->fees, 0);
    assert_int_equal(chain->withdrawn + chain->burned, chain->deposited);
    assert_int_equal(chain->deposited, 2 * MONEY);
    assert_int_equal(chain->burned,
                     fell ? p->executor_bond - p->reward : p->challenger_bond - p->defence_cost);
}

static enum crux_status check_accounts(void *ctx, const struct crux_game *rules, uint64_t now) {
    const struct game *game = ctx;
    const struct crux_game_parameters *p = &table_parameters;
    struct crux_claim_id id = {0};
    struct crux_game_account account[DISPUTE_ROLES];
    enum crux_claim_state state;
    bool fell = game->scene == DISPUTE_FALSE_CLAIM;
    for (unsigned i = 0; i < DISPUTE_ROLES; i++) {
        struct crux_account key = table_account(i);
        assert_int_equal(crux_game_get_account(rules, &key, &account[i]), CRUX_OK);
    }
    assert_int_equal(account[DISPUTE_EXECUTOR].withdrawn,
                     MONEY + (fell ? -p->executor_bond : p->defence_cost));
    assert_int_equal(account[DISPUTE_CHALLENGER].withdrawn,
                     MONEY + (fell ? p->reward : -p->challenger_bond));
    assert_int_equal(crux_game_claim_state(&state, rules, &id, now), CRUX_OK);
    assert_int_equal(state, fell ? CRUX_CLAIM_FALLEN : CRUX_CLAIM_FINAL);
    return CRUX_OK;
}

static void begin(struct game *game) {
    struct crux_game_parameters parameters = table_parameters;
    parameters.k = 2; /* as many moves as there can be */
    local_chain_make(&game->made, &parameters, NULL);
    for (unsigned i = 0; i < DISPUTE_ROLES; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(game->made.chain.ops->deposit(&game->made.chain, &account, MONEY),
                         CRUX_OK);
    }
    look(game);
    for (unsigned i = 0; i < DISPUTE_ROLES; i++) start(game, i);
}

/* Out: hash, over all events.  Returns: moves made. */
static uint64_t play(uint8_t hash[32], enum dispute_scene scene, const struct plan *plan,
                     struct figures *figures) {
    struct game game = {.scene = scene};
    struct crux_chain_local_info info;
    struct crux_chain_cursor cursor = {0};
    uint64_t struck = 0; /* the last move at which somebody was killed */
    begin(&game);
    for (;;) {
        settle(&game);
        unsigned mover = 0;
        while (mover < DISPUTE_ROLES && game.child[mover].last.what != DISPUTE_READY) mover++;
        if (mover == DISPUTE_ROLES) {
            uint64_t when;
            assert_int_equal(game.made.chain.ops->look(&game.made.chain, find_due, &when), CRUX_OK);
            if (when == UINT64_MAX) break;
            pass_time(&game, when - game.time);
            continue;
        }
        assert_true(game.moves < MOVES_MAX);
        uint64_t number = game.moves + 1;
        bool strikes =
            plan->kills && number != struck && (plan->move == EVERY_MOVE || plan->move == number);
        if (strikes) struck = number;
        if (strikes && plan->moment == BEFORE) {
            kill_some(&game, mover, plan->victim, figures);
            settle(&game);
            assert_int_equal(game.child[mover].last.what,
                             DISPUTE_READY); /* it finds its move again */
        }
        make(&game, mover, plan, strikes, figures);
    }
    for (unsigned i = 0; i < DISPUTE_ROLES; i++) stop(&game.child[i]);
    check_end(&game, &table_parameters);
    assert_int_equal(game.made.chain.ops->look(&game.made.chain, check_accounts, &game), CRUX_OK);
    assert_int_equal(crux_chain_local_info(&game.made.chain, &info), CRUX_OK);
    assert_int_equal(info.events, DISPUTE_ROLES + game.moves); /* and deposits */
    assert_int_equal(local_chain_events(&game.made.chain, &cursor), info.events);
    memcpy(hash, info.last, 32);
    local_chain_remove(&game.made);
    figures->games++;
    figures->moves += game.moves;
    return game.moves;
}

static void one_scene(enum dispute_scene scene) {
    static const struct plan quiet = {.kills = false};
    struct figures figures = {0};
    uint8_t expected[32], hash[32];
    uint64_t moves = play(expected, scene, &quiet, &figures);
    assert_true(moves > 20);
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        for (unsigned victim = 0; victim < VICTIMS; victim++) {
            if (CRUX_SANITIZED && (moment + victim + scene) % VICTIMS != 0) continue;
            struct plan plan = {true, EVERY_MOVE, (enum victim)victim, (enum moment)moment};
            assert_int_equal(play(hash, scene, &plan, &figures), moves);
            assert_memory_equal(hash, expected, 32);
            for (unsigned again = 0; again < each; again++) {
                for (plan.move = 1; plan.move <= moves; plan.move++) {
                    assert_int_equal(play(hash, scene, &plan, &figures), moves);
                    assert_memory_equal(hash, expected, 32);
                }
            }
        }
    }
    /* everybody at every move, at the least; under sanitizers each kind of victim at one of the moments */
    assert_true(figures.kills >= (CRUX_SANITIZED ? 1 : MOMENTS) * 4 * moves);
    print_message("%s: %llu moves a game; %llu games, %llu moves, %llu kills; of the movers killed "
                  "in a move, %llu had made it and %llu had not\n",
                  scene == DISPUTE_FALSE_CLAIM ? "false claim" : "true claim",
                  (unsigned long long)moves, (unsigned long long)figures.games,
                  (unsigned long long)figures.moves, (unsigned long long)figures.kills,
                  (unsigned long long)figures.whole, (unsigned long long)figures.absent);
}

static void false_claim(void **state) {
    (void)state;
    one_scene(DISPUTE_FALSE_CLAIM);
}

static void true_claim(void **state) {
    (void)state;
    one_scene(DISPUTE_TRUE_CLAIM);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(false_claim), cmocka_unit_test(true_claim)};
    if (argc == 7 && strcmp(argv[1], "--player") == 0)
        dispute_player((enum dispute_role)atoi(argv[2]), (enum dispute_scene)atoi(argv[3]), argv[4],
                       atoi(argv[5]), atoi(argv[6]));
    if (argc == 3 && strcmp(argv[1], "--each") == 0) each = (unsigned)atoi(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
