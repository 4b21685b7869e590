/* Games about fees in escrow. */
#include "tests/conformance/game_case.h"

enum { AMOUNT = 50, DEADLINE = 50000 };

/* The moves of one escrow, of the requester for the executor and the claim's request. */
struct fee {
    struct crux_move escrow, bind, pay;
};

static struct fee fee_of(const struct game_case *c) {
    const uint8_t *request = c->run->evidence.claim->request_hash;
    const uint8_t *executor = c->key[EXECUTOR].account.b, *requester = c->key[REQUESTER].account.b;
    return (struct fee){
        .escrow = {.kind = CRUX_MOVE_ESCROW,
                   .executor = executor,
                   .hash = request,
                   .amount = AMOUNT,
                   .deadline = DEADLINE},
        .bind = {.kind = CRUX_MOVE_BIND, .claim = c->id, .account = requester},
        .pay = {
            .kind = CRUX_MOVE_PAY, .account = requester, .executor = executor, .hash = request}};
}

static void earned(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "fee_earned", NULL);
    game_case_register(&c);
    game_case_settle(&c, &world->honest, 1, 2, false);
    struct fee fee = fee_of(&c);
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_E_CLAIM_NOT_SHOWN);
    game_case_show(&c, EXECUTOR, 2, CRUX_OK);
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_E_ESCROW_UNKNOWN);
    game_case_move(&c, STRANGER, &fee.pay, CRUX_E_ESCROW_UNKNOWN);
    fee.escrow.amount = 0;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_E_AMOUNT_INVALID);
    fee.escrow.amount = 10001;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_E_BALANCE_TOO_SMALL);
    fee.escrow.amount = AMOUNT;
    fee.escrow.deadline = CRUX_GAME_TIME_MAX;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_E_TIME_INVALID);
    fee.escrow.deadline = 999;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_E_TOO_LATE);
    fee.escrow.deadline = DEADLINE;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_OK);
    game_case_repeat(&c, REQUESTER, &fee.escrow);
    fee.escrow.amount++;
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_E_ESCROW_DIFFERS);
    game_case_move(&c, STRANGER, &fee.bind, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, STRANGER, &fee.pay, CRUX_E_NOT_TOO_LATE);
    c.now = DEADLINE;
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &fee.bind);
    c.now = 1000 + 100000;
    game_case_move(&c, EXECUTOR, &fee.pay, CRUX_E_CLAIM_PENDING);
    c.now++;
    game_case_move(&c, EXECUTOR, &fee.pay, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &fee.pay);
    game_case_end(&c);
}

/* The second claim for one request finds the escrow bound. */
static void bound_once(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "fee_bound_once", NULL);
    game_case_claim(&c, &world->honest);
    struct fee fee = fee_of(&c);
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_OK);
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_OK);
    game_case_settle(&c, &world->honest, 0, 3, false);
    game_case_show(&c, EXECUTOR, 3, CRUX_OK);
    fee.bind.claim = c.id;
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_E_ESCROW_DIFFERS);
    game_case_end(&c);
}

static void returned(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "fee_returned_after_its_deadline", NULL);
    game_case_claim(&c, &world->honest);
    struct fee fee = fee_of(&c);
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_OK);
    c.now = DEADLINE + 1;
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_E_TOO_LATE);
    game_case_move(&c, STRANGER, &fee.pay, CRUX_OK);
    game_case_end(&c);
    game_case_begin(&c, file, world, "fee_returned_when_the_claim_falls", NULL);
    game_case_claim(&c, &world->lying);
    fee = fee_of(&c);
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_OK);
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_OK);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    const struct crux_move timeout = game_case_timeout(&c, 0);
    c.now += 10001;
    game_case_move(&c, CHALLENGER, &timeout, CRUX_OK);
    game_case_move(&c, STRANGER, &fee.pay, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &fee.bind);
    game_case_end(&c);
}

/* spec/70-game.md#fees: "A private claim is bound only to an escrow of its own requester" */
static void of_another(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "fee_of_a_private_claim", NULL);
    game_case_register(&c);
    game_case_settle(&c, &world->honest, 0, 1, true);
    game_case_show(&c, EXECUTOR, 1, CRUX_OK);
    struct fee fee = fee_of(&c);
    game_case_move(&c, RIVAL, &fee.escrow, CRUX_OK);
    fee.bind.account = c.key[RIVAL].account.b;
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_E_NOT_PERMITTED);
    fee = fee_of(&c);
    game_case_move(&c, REQUESTER, &fee.escrow, CRUX_OK);
    game_case_move(&c, EXECUTOR, &fee.bind, CRUX_OK);
    c.now = 1000 + 100001;
    game_case_move(&c, STRANGER, &fee.pay, CRUX_OK); /* unchallenged */
    game_case_end(&c);
}

void game_cases_fees(struct crux_vector_file *file, struct game_world *world) {
    earned(file, world);
    bound_once(file, world);
    returned(file, world);
    of_another(file, world);
}
