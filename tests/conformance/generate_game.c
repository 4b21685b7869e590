/* Whole games: moves with their bytes, senders and times, what each does, and how everything stands in the end. */
#include <stdlib.h>

#include "tests/conformance/game_case.h"
#include "tests/support/toy_world.h"

/* Every error of spec/70-game.md#errors, and those of parts and paths that a move can meet. */
static const enum crux_status errors[] = {
    CRUX_E_TRUNCATED,          CRUX_E_TRAILING_BYTES,       CRUX_E_MOVE_MALFORMED,
    CRUX_E_TIME_INVALID,       CRUX_E_CLAIM_UNKNOWN,        CRUX_E_DISPUTE_UNKNOWN,
    CRUX_E_CLAIM_FALLEN,       CRUX_E_DISPUTE_OVER,         CRUX_E_DISPUTE_QUEUED,
    CRUX_E_NODE_MISMATCH,      CRUX_E_MOVE_UNEXPECTED,      CRUX_E_TOO_LATE,
    CRUX_E_NOT_TOO_LATE,       CRUX_E_WINDOW_CLOSED,        CRUX_E_NOT_PERMITTED,
    CRUX_E_SIGNATURE_EXPIRED,  CRUX_E_SIGNATURE_INVALID,    CRUX_E_MODEL_UNKNOWN,
    CRUX_E_CLAIM_INVALID,      CRUX_E_ALREADY_POSTED,       CRUX_E_CANCELLATION_INVALID,
    CRUX_E_ALREADY_DEMANDED,   CRUX_E_ALREADY_PUBLISHED,    CRUX_E_REQUEST_MISMATCH,
    CRUX_E_CLAIM_NOT_SHOWN,    CRUX_E_PUBLICATION_MISMATCH, CRUX_E_CLAIM_MISMATCH,
    CRUX_E_REVEAL_MISMATCH,    CRUX_E_PICK_OUTSIDE,         CRUX_E_PROOF_ROOT_MISMATCH,
    CRUX_E_STEP_INACTIVE,      CRUX_E_BLOB_UNKNOWN,         CRUX_E_WITNESS_TOO_LARGE,
    CRUX_E_WITNESS_MALFORMED,  CRUX_E_ANSWER_DIFFERS,       CRUX_E_ESCROW_UNKNOWN,
    CRUX_E_ESCROW_DIFFERS,     CRUX_E_CLAIM_PENDING,        CRUX_E_ELEMENT_OUTSIDE,
    CRUX_E_ELEMENT_INVALID,    CRUX_E_HEADER_MISMATCH,      CRUX_E_DESCRIPTOR_MISMATCH,
    CRUX_E_AMOUNT_INVALID,     CRUX_E_BOND_TOO_SMALL,       CRUX_E_BALANCE_TOO_SMALL,
    CRUX_E_INDEX_BEYOND_COUNT, CRUX_E_PLEDGE_UNKNOWN,       CRUX_E_RECEIPT_UNKNOWN,
    CRUX_E_RECEIPT_INVALID,    CRUX_E_RECEIPTS_AGREE,       CRUX_E_PROMISE_PENDING,
};

void crux_generate_game(const char *folder) {
    struct crux_vector_file file;
    struct game_world *world = calloc(1, sizeof *world);
    world_must(world != NULL, "memory");
    world->fault = (struct table_fault){.kind = FAULT_VALUE, .pos = 2, .op = 4, .at = 1};
    table_model_init(&world->model, TABLE_LONG);
    table_run_init(&world->honest, &world->model, NULL, 0);
    world_must(table_lying_run(&world->lying, &world->model, &world->fault), "a lie");
    crux_vector_file_begin(&file, "game");
    game_cases_claims(&file, world);
    game_cases_fees(&file, world);
    game_cases_disputes(&file, world);
    game_cases_answers(&file, world);
    game_cases_receipts(&file, world);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(errors); i++) game_case_met(errors[i]);
    crux_vector_file_end(&file, folder);
    table_run_free(&world->honest);
    table_run_free(&world->lying);
    table_model_free(&world->model);
    free(world);
}
