/* The store by hand: what comes in comes out, what is promised to be refused is, and no file makes it do wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/executor/service/settle/settle_world.h"
#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"

static struct settle_world world;

static int begin(void **state) {
    (void)state;
    settle_world_make(&world);
    settle_world_open(&world);
    return 0;
}

static int end(void **state) {
    (void)state;
    settle_world_remove(&world);
    return 0;
}

static uint64_t runs_kept(void) {
    struct crux_store_figures figures;
    uint64_t all = 0;
    assert_int_equal(crux_store_figures(world.store, &figures), CRUX_OK);
    for (unsigned i = 0; i < CRUX_STORE_STATES; i++) all += figures.runs[i];
    return all;
}

static void what_comes_in_comes_out(void **state) {
    struct settle_world_run in;
    struct crux_store_run *out;
    uint8_t leaves[5][32], found[5][32];
    (void)state;
    for (unsigned i = 0; i < 5; i++) memset(leaves[i], (int)i + 1, 32);
    settle_world_run(&in, &world, 7, CRUX_MODE_PRIVATE);
    in.run.leaves = (const uint8_t(*)[32])leaves;
    in.run.leaf_count = 5;
    assert_int_equal(crux_settle_promise(world.settle, &in.run, NULL), CRUX_OK);
    const struct crux_claim_id nowhere = {.batch = 0, .member = 0};
    assert_int_equal(crux_store_find_claim(world.store, &out, &nowhere), CRUX_E_NOT_FOUND);
    settle_world_tick(&world, 5010);
    for (unsigned by = 0; by < 6; by++) {
        enum crux_status status = CRUX_E_INTERNAL;
        switch (by) {
        case 0: status = crux_store_find(world.store, &out, CRUX_STORE_BY_ID, in.run.id); break;
        case 1:
            status =
                crux_store_find(world.store, &out, CRUX_STORE_BY_CLAIM, in.run.receipt.claim_hash);
            break;
        case 2:
            status = crux_store_find(world.store, &out, CRUX_STORE_BY_REQUEST,
                                     in.run.receipt.request_hash);
            break;
        case 3:
            status = crux_store_find(world.store, &out, CRUX_STORE_BY_NUMBER, &in.run.number);
            break;
        case 4: status = crux_store_find_key(world.store, &out, "somebody", "key-7"); break;
        case 5: status = crux_store_find_claim(world.store, &out, &nowhere); break;
        }
        assert_int_equal(status, CRUX_OK);
        assert_int_equal(out->number, 1);
        assert_memory_equal(&out->receipt, &in.run.receipt, sizeof in.run.receipt);
        assert_memory_equal(&out->claim, &in.run.claim, sizeof in.run.claim);
        assert_memory_equal(out->signature, in.run.signature, 64);
        assert_memory_equal(out->request, in.run.request, CRUX_REQUEST_BYTES);
        assert_memory_equal(out->request_tokens, in.asked, sizeof in.asked);
        assert_memory_equal(out->output_tokens, in.answered, sizeof in.answered);
        assert_string_equal(out->model, "toy");
        assert_string_equal(out->owner, "somebody");
        assert_string_equal(out->key, "key-7");
        assert_int_equal(out->annex_bytes, strlen("key-7"));
        assert_memory_equal(out->annex, "key-7", out->annex_bytes);
        assert_int_equal(out->leaf_count, 5);
        assert_int_equal(out->state, CRUX_STORE_POSTED);
        crux_store_run_free(out);
    }
    for (uint64_t from = 0; from <= 6; from++) {
        for (uint64_t count = 0; count <= 6; count++) {
            memset(found, 0, sizeof found);
            enum crux_status status = crux_store_leaves(world.store, found, 1, from, count);
            assert_int_equal(status, from + count <= 5 ? CRUX_OK : CRUX_E_INDEX_BEYOND_COUNT);
            if (status == CRUX_OK && count > 0)
                assert_memory_equal(found, leaves[from], count * 32);
            for (uint64_t i = status == CRUX_OK ? count : 0; i < 5; i++)
                assert_int_equal(found[i][0], 0);
        }
    }
    assert_int_equal(crux_store_leaves(world.store, found, 1, UINT64_MAX, 2),
                     CRUX_E_INDEX_BEYOND_COUNT);
    assert_int_equal(crux_store_leaves(world.store, found, 1, 2, UINT64_MAX),
                     CRUX_E_INDEX_BEYOND_COUNT);
    assert_int_equal(crux_store_find_key(world.store, &out, "another", "key-7"), CRUX_E_NOT_FOUND);
    assert_null(out);
    settle_world_promise(&world, &in, 8, CRUX_MODE_BATCHED);
    assert_int_equal(crux_store_leaves(world.store, found, 2, 0, 1), CRUX_E_NOT_FOUND);
    assert_int_equal(crux_store_leaves(world.store, found, 3, 0, 1), CRUX_E_NOT_FOUND);
}

/* Leaves take at most so much; the youngest stay. */
static void old_leaves_go(void **state) {
    enum { RUNS = 5, LEAVES = 5 };
    uint8_t leaves[LEAVES][32] = {{1}}, found[LEAVES][32];
    (void)state;
    settle_world_close(&world);
    world.options.leaves_bytes_max = 2 * sizeof leaves;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= RUNS; i++) {
        struct settle_world_run in;
        settle_world_run(&in, &world, i, CRUX_MODE_BATCHED);
        in.run.leaves = (const uint8_t(*)[32])leaves;
        in.run.leaf_count = LEAVES;
        assert_int_equal(crux_settle_promise(world.settle, &in.run, NULL), CRUX_OK);
        settle_world_tick(&world, 5000);
    }
    for (uint64_t i = 1; i <= RUNS; i++) {
        enum crux_status status = crux_store_leaves(world.store, found, i, 0, LEAVES);
        assert_int_equal(status, i > RUNS - 2 ? CRUX_OK : CRUX_E_NOT_FOUND);
        struct crux_store_run *run = settle_world_find(&world, i);
        assert_int_equal(run->leaf_count, i > RUNS - 2 ? LEAVES : 0);
        crux_store_run_free(run);
    }
}

static void refusals(void **state) {
    struct settle_world_run run;
    char long_name[CRUX_STORE_NAME_BYTES_MAX + 2];
    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    assert_int_equal(crux_store_add(world.store, &run.run), CRUX_E_ALREADY_POSTED);
    for (unsigned i = 0; i < 8; i++) {
        settle_world_run(&run, &world, 2, CRUX_MODE_BATCHED);
        switch (i) {
        case 0: run.run.model = long_name; break;
        case 1: run.run.owner = long_name; break;
        case 2: run.run.key = long_name; break;
        case 3: run.run.annex_bytes = CRUX_STORE_ANNEX_BYTES_MAX + 1; break;
        case 4: run.run.request[3] ^= 1; break; /* of another model */
        case 5: run.run.claim.request_hash[0] ^= 1; break;
        case 6: run.run.claim.request_tokens++; break;
        case 7: run.run.claim.chosen_tokens = 0; break;
        }
        assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_USAGE);
        assert_string_not_equal(crux_settle_message(world.settle), "");
    }
    /* a name that this owner has given to another run */
    settle_world_run(&run, &world, 2, CRUX_MODE_BATCHED);
    run.run.key = "key-1";
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_ANSWER_DIFFERS);
    run.run.owner = "somebody else";
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    settle_world_run(&run, &world, 3, CRUX_MODE_BATCHED);
    run.run.key = ""; /* without a name there is nothing to clash */
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    settle_world_run(&run, &world, 4, CRUX_MODE_BATCHED);
    run.run.key = "";
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    assert_int_equal(runs_kept(), 4);
}

static void groups(void **state) {
    struct settle_world_run run;
    (void)state;
    assert_int_equal(crux_store_commit(world.store), CRUX_E_USAGE);
    assert_int_equal(crux_store_begin(world.store), CRUX_OK);
    assert_int_equal(crux_store_begin(world.store), CRUX_E_USAGE);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_promise(&world, &run, 2, CRUX_MODE_BATCHED);
    assert_int_equal(crux_store_add(world.store, &run.run),
                     CRUX_E_ALREADY_POSTED); /* spoils nothing */
    assert_int_equal(crux_store_commit(world.store), CRUX_OK);
    assert_int_equal(runs_kept(), 2);
    /* a group that is not committed was never there */
    assert_int_equal(crux_store_begin(world.store), CRUX_OK);
    settle_world_promise(&world, &run, 3, CRUX_MODE_BATCHED);
    settle_world_close(&world);
    settle_world_open(&world);
    assert_int_equal(runs_kept(), 2);
}

static uint64_t owed(void) {
    uint64_t sum, left, late;
    assert_int_equal(crux_store_owed(world.store, 1, 0, &sum, &left, &late), CRUX_OK);
    assert_int_equal(left, 6);
    return sum;
}

/* Bonds of batches that are formed, each as large as there can be: more than any balance, and no error. */
static void huge_bonds(void **state) {
    static const struct crux_account nobody;
    struct settle_world_run run;
    (void)state;
    for (uint64_t i = 1; i <= 6; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    const struct {
        uint32_t claims;
        uint64_t bond, owed;
    } steps[] = {{1, CRUX_GAME_AMOUNT_MAX, CRUX_GAME_AMOUNT_MAX + 5},
                 {1, CRUX_GAME_AMOUNT_MAX, INT64_MAX},
                 {3, CRUX_GAME_AMOUNT_MAX - 1, INT64_MAX},
                 {1, CRUX_GAME_AMOUNT_MAX, INT64_MAX}};
    assert_int_equal(owed(), 6);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(steps); i++) {
        assert_int_equal(crux_store_form(world.store, CRUX_MODE_BATCHED, &nobody, steps[i].claims,
                                         steps[i].bond),
                         CRUX_OK);
        assert_true(owed() == steps[i].owed);
    }
}

/* ---- files ---- */

static enum crux_status open_at(const char *path, char *message) {
    struct crux_store *store;
    enum crux_status status = crux_store_open(&store, path, message);
    assert_int_equal(store == NULL, status != CRUX_OK);
    crux_store_close(store);
    return status;
}

static void run_sql(const char *path, const char *text) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void other_files(void **state) {
    char path[400], message[CRUX_STORE_NAME_BYTES_MAX * 2];
    (void)state;
    settle_world_close(&world);
    (void)snprintf(path, sizeof path, "%s/other", world.folder);
    temporary_folder_write(path, (const uint8_t *)"no database, but long enough to be looked at",
                           44);
    assert_int_equal(open_at(path, message), CRUX_E_BAD_MAGIC);
    assert_int_equal(open_at(world.chain_path, message), CRUX_E_BAD_MAGIC);
    assert_non_null(strstr(message, "is no store of runs"));
    (void)snprintf(path, sizeof path, "%s/none/at/all", world.folder);
    assert_int_equal(open_at(path, message), CRUX_E_IO);
    (void)snprintf(path, sizeof path, "%s/newer", world.folder);
    assert_int_equal(open_at(path, message), CRUX_OK);
    run_sql(path, "PRAGMA user_version = 4");
    assert_int_equal(open_at(path, message), CRUX_E_BAD_VERSION);
    assert_non_null(strstr(message, "version 4; this program uses version 3"));
    run_sql(path, "PRAGMA user_version = 3; DROP TABLE bodies");
    assert_int_equal(open_at(path, message), CRUX_E_BAD_MAGIC);
}

static void one_process_at_a_time(void **state) {
    char message[CRUX_STORE_NAME_BYTES_MAX * 2];
    int status;
    (void)state;
    settle_world_close(&world);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct crux_store *store;
        bool opened = crux_store_open(&store, world.store_path, message) == CRUX_OK;
        if (write(ends[1], "x", 1) != 1) _exit(2);
        (void)sleep(300); /* killed long before */
        _exit(opened);
    }
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(open_at(world.store_path, message), CRUX_E_IO);
    assert_non_null(strstr(message, "another process has"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(open_at(world.store_path, message), CRUX_OK);
    (void)close(ends[0]);
    (void)close(ends[1]);
    settle_world_open(&world);
}

/* Each thing that a row could lie about. */
static void damaged_rows(void **state) {
    static const char *const changes[] = {
        "UPDATE runs SET receipt = zeroblob(177)",
        "UPDATE runs SET receipt = substr(receipt, 1, 176)",
        "UPDATE runs SET receipt = CAST(receipt AS TEXT)",
        "UPDATE runs SET receipt = receipt || x'00'",
        "UPDATE runs SET signature = x'00'",
        "UPDATE runs SET claim = substr(claim, 1, 100) || zeroblob(40)",
        "UPDATE runs SET request = zeroblob(240)",
        "UPDATE runs SET model = zeroblob(4)",
        "UPDATE runs SET model = 'a' || char(0) || 'b'",
        "UPDATE runs SET owner = hex(zeroblob(200))",
        "UPDATE runs SET fee = zeroblob(21)",
        "UPDATE runs SET state = 9",
        "UPDATE runs SET state = 0",
        "UPDATE runs SET state = 1",
        "UPDATE runs SET state = 'final'",
        "UPDATE runs SET state = -1",
        "UPDATE runs SET member = 1048576",
        "UPDATE runs SET member = 1",
        "UPDATE runs SET member = -1",
        "UPDATE runs SET batch = NULL",
        "UPDATE runs SET batch = 77",
        "UPDATE runs SET path = zeroblob(32)",
        "UPDATE runs SET path = zeroblob(31)",
        "UPDATE runs SET shown = 3",
        "UPDATE runs SET ended = 9e99",
        "UPDATE batches SET root = zeroblob(32)",
        "UPDATE batches SET root = zeroblob(33)",
        "UPDATE batches SET count = 3",
        "UPDATE batches SET count = 0",
        "UPDATE batches SET count = 1048577",
        "UPDATE batches SET chain_batch = -5",
        "UPDATE bodies SET request_tokens = zeroblob(7)",
        "UPDATE bodies SET request_tokens = zeroblob(12)",
        "UPDATE bodies SET output_tokens = zeroblob(0)",
        "UPDATE bodies SET annex = 'text'",
        "UPDATE bodies SET leaf_count = 8388609",
        "DELETE FROM bodies",
    };
    struct settle_world_run run;
    struct crux_store_run *out;
    (void)state;
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, 5010);
    settle_world_close(&world);
    size_t len;
    uint8_t *good = temporary_folder_read(world.store_path, &len);
    assert_non_null(good);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(changes); i++) {
        char message[CRUX_STORE_NAME_BYTES_MAX * 2];
        temporary_folder_write(world.store_path, good, len);
        run_sql(world.store_path, changes[i]);
        assert_int_equal(crux_store_open(&world.store, world.store_path, message), CRUX_OK);
        enum crux_status status = crux_store_find(world.store, &out, CRUX_STORE_BY_ID, run.run.id);
        if (status != CRUX_E_NON_CANONICAL && status != CRUX_E_RECEIPT_INVALID &&
            status != CRUX_E_CLAIM_INVALID)
            fail_msg("%s: %s", changes[i], crux_status_name(status));
        assert_null(out);
        crux_store_close(world.store);
    }
    temporary_folder_write(world.store_path, good, len);
    free(good);
    settle_world_open(&world);
    settle_world_tick(&world, 5011);
}

/* Bytes changed anywhere in the file: named errors, and never more than that. */
static void damaged_bytes(void **state) {
    enum { TURNS = 150, RUNS = 6 };
    struct crux_random random = {.state = 5};
    struct settle_world_run run;
    unsigned opened = 0, found = 0;
    (void)state;
    for (uint64_t i = 1; i <= RUNS; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, 5010);
    settle_world_close(&world);
    size_t len;
    uint8_t *good = temporary_folder_read(world.store_path, &len), *bad = malloc(len);
    assert_non_null(good);
    assert_non_null(bad);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        char message[CRUX_STORE_NAME_BYTES_MAX * 2];
        memcpy(bad, good, len);
        for (unsigned i = 0; i <= turn % 4; i++)
            bad[crux_random_below(&random, len)] = (uint8_t)crux_random_below(&random, 256);
        temporary_folder_write(world.store_path, bad, len);
        if (crux_store_open(&world.store, world.store_path, message) != CRUX_OK) {
            assert_string_not_equal(message, "");
            continue;
        }
        opened++;
        for (uint64_t i = 1; i <= RUNS; i++) {
            struct crux_store_run *out;
            struct crux_store_figures figures;
            uint8_t leaves[1][32];
            if (crux_store_find(world.store, &out, CRUX_STORE_BY_NUMBER, &i) == CRUX_OK) {
                found++;
                assert_int_equal(out->number, i);
            }
            crux_store_run_free(out);
            enum crux_status status = crux_store_leaves(world.store, leaves, i, 0, 1);
            status = crux_store_figures(world.store, &figures);
            (void)status; /* whatever it is, it is one of the named ones */
        }
        crux_store_close(world.store);
    }
    print_message("%u of %d files opened, %u runs read whole\n", opened, TURNS, found);
    assert_true(opened > TURNS / 4 && found > 0);
    temporary_folder_write(world.store_path, good, len);
    free(good);
    free(bad);
    settle_world_open(&world);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(what_comes_in_comes_out),
        RULE(old_leaves_go),
        RULE(refusals),
        RULE(groups),
        RULE(huge_bonds),
        RULE(other_files),
        RULE(one_process_at_a_time),
        RULE(damaged_rows),
        RULE(damaged_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
