/* Balances, and the fees of requesters. */
#include "bisection/game/inside.h"

static struct crux_account account_of(const uint8_t *bytes) {
    struct crux_account account;
    crux_copy(account.b, bytes, sizeof account.b);
    return account;
}

enum crux_status crux_play_take(struct crux_play *play, uint64_t amount) {
    struct crux_game_account account;
    enum crux_status status = crux_game_get_account(play->game, play->sender, &account);
    if (status != CRUX_OK) return status;
    if (account.balance < amount) return CRUX_E_BALANCE_TOO_SMALL;
    account.balance -= amount;
    play->chain.balances -= amount;
    return crux_play_put(play, CRUX_TABLE_ACCOUNT, &account);
}

enum crux_status crux_play_pay(struct crux_play *play, const struct crux_account *to,
                               uint64_t amount) {
    struct crux_game_account account;
    enum crux_status status = crux_game_get_account(play->game, to, &account);
    if (status != CRUX_OK) return status;
    account.balance += amount;
    play->chain.balances += amount;
    return crux_play_put(play, CRUX_TABLE_ACCOUNT, &account);
}

/* spec/70-game.md#value: "balances are paid out by `withdraw`, which names how much the account will have withdrawn in all" */
static enum crux_status pay_out(struct crux_play *play, struct crux_game_account *account) {
    if (play->move->amount <= account->withdrawn) return crux_play_repeated(play);
    uint64_t amount = play->move->amount - account->withdrawn;
    if (account->balance < amount) return CRUX_E_BALANCE_TOO_SMALL;
    account->balance -= amount;
    account->withdrawn += amount;
    play->chain.balances -= amount;
    play->out->paid = amount;
    enum crux_status status = crux_play_put(play, CRUX_TABLE_ACCOUNT, account);
    if (!crux_game_has_payee(account))
        play->chain.withdrawn += amount;
    else if (status == CRUX_OK)
        status = crux_play_pay(play, &account->payee, amount);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

enum crux_status crux_play_withdraw(struct crux_play *play) {
    struct crux_game_account account;
    enum crux_status status = crux_game_get_account(play->game, play->sender, &account);
    return status == CRUX_OK ? pay_out(play, &account) : status;
}

enum crux_status crux_play_collect(struct crux_play *play) {
    struct crux_account key = account_of(play->move->account);
    struct crux_game_account account;
    enum crux_status status = crux_game_get_account(play->game, &key, &account);
    if (status != CRUX_OK) return status;
    if (!crux_game_has_payee(&account) || !crux_account_equal(play->sender, &account.payee))
        return CRUX_E_NOT_PERMITTED;
    return pay_out(play, &account);
}

/* spec/70-game.md#value: "from then on that payee alone names another" */
enum crux_status crux_play_payee(struct crux_play *play) {
    struct crux_account key = account_of(play->move->account),
                        payee = account_of(play->move->payee);
    struct crux_game_account account;
    enum crux_status status = crux_game_get_account(play->game, &key, &account);
    if (status != CRUX_OK) return status;
    if (crux_account_equal(&account.payee, &payee)) return crux_play_repeated(play);
    if (!crux_account_equal(play->sender, crux_game_has_payee(&account) ? &account.payee : &key) ||
        crux_account_equal(&key, &payee))
        return CRUX_E_NOT_PERMITTED;
    account.payee = payee;
    status = crux_play_put(play, CRUX_TABLE_ACCOUNT, &account);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

static void escrow_key(struct crux_game_escrow *escrow, const struct crux_account *requester,
                       const struct crux_account *executor, const uint8_t request_hash[32]) {
    crux_zero(escrow, sizeof *escrow);
    escrow->key.requester = *requester;
    escrow->key.executor = *executor;
    crux_copy(escrow->key.request_hash, request_hash, 32);
}

static enum crux_status get_escrow(const struct crux_play *play, struct crux_game_escrow *escrow,
                                   const struct crux_account *requester,
                                   const struct crux_account *executor,
                                   const uint8_t request_hash[32]) {
    struct crux_game_escrow found;
    escrow_key(escrow, requester, executor, request_hash);
    enum crux_status status = crux_play_get(play, CRUX_TABLE_ESCROW, &escrow->key, &found);
    if (status == CRUX_OK) *escrow = found;
    return status;
}

enum crux_status crux_play_escrow(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_account executor = account_of(move->executor);
    struct crux_game_escrow escrow;
    enum crux_status status = get_escrow(play, &escrow, play->sender, &executor, move->hash);
    if (status == CRUX_OK) {
        bool same = escrow.amount == move->amount && escrow.deadline == move->deadline;
        return same ? crux_play_repeated(play) : CRUX_E_ESCROW_DIFFERS;
    }
    if (status != CRUX_E_NOT_FOUND) return status;
    if (move->deadline < play->now) return CRUX_E_TOO_LATE;
    if (move->deadline >= CRUX_GAME_TIME_MAX) return CRUX_E_TIME_INVALID;
    if (move->amount == 0 || move->amount > CRUX_GAME_AMOUNT_MAX) return CRUX_E_AMOUNT_INVALID;
    struct crux_game_account account;
    status = crux_game_get_account(play->game, play->sender, &account);
    if (status != CRUX_OK) return status;
    /* spec/70-game.md#value: "holds nothing in escrow" */
    if (crux_game_has_payee(&account)) return CRUX_E_NOT_PERMITTED;
    escrow.amount = move->amount;
    escrow.deadline = move->deadline;
    escrow.state = CRUX_ESCROW_HELD;
    status = crux_play_take(play, move->amount);
    if (status != CRUX_OK) return status;
    play->chain.fees += move->amount;
    status = crux_play_put(play, CRUX_TABLE_ESCROW, &escrow);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

enum crux_status crux_play_bind(const struct crux_play *play, struct crux_game_escrow *escrow,
                                const struct crux_account *requester,
                                const struct crux_account *executor, const uint8_t request_hash[32],
                                const struct crux_claim_id *claim) {
    enum crux_status status = get_escrow(play, escrow, requester, executor, request_hash);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_ESCROW_UNKNOWN;
    if (status != CRUX_OK) return status;
    if (escrow->state != CRUX_ESCROW_HELD) return CRUX_E_ESCROW_DIFFERS;
    if (play->now > escrow->deadline) return CRUX_E_TOO_LATE;
    escrow->state = CRUX_ESCROW_BOUND;
    escrow->claim.batch = claim->batch;
    escrow->claim.member = claim->member;
    return CRUX_OK;
}

enum crux_status crux_play_bind_move(struct crux_play *play) {
    struct crux_account requester = account_of(play->move->account);
    struct crux_game_escrow escrow;
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    const struct crux_claim_id *id = &play->claim.key;
    const uint8_t *request_hash = play->claim.claim.request_hash;
    status = get_escrow(play, &escrow, &requester, &play->batch.executor, request_hash);
    if (status == CRUX_OK && escrow.state != CRUX_ESCROW_HELD && escrow.claim.batch == id->batch &&
        escrow.claim.member == id->member &&
        crux_account_equal(play->sender, &play->batch.executor))
        return crux_play_repeated(play);
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (!crux_account_equal(play->sender, &play->batch.executor)) return CRUX_E_NOT_PERMITTED;
    /* spec/70-game.md#fees: "A private claim is bound only to an escrow of its own requester" */
    if (play->batch.mode == CRUX_MODE_PRIVATE &&
        !crux_account_equal(&requester, &play->batch.requester))
        return CRUX_E_NOT_PERMITTED;
    if (!play->claim.shown) return CRUX_E_CLAIM_NOT_SHOWN;
    status = crux_play_bind(play, &escrow, &requester, play->sender, request_hash, id);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_ESCROW, &escrow);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* Out: to, whom the escrow is due.  Returns: CRUX_E_CLAIM_PENDING, CRUX_E_NOT_TOO_LATE. */
static enum crux_status due(const struct crux_play *play, const struct crux_game_escrow *escrow,
                            bool *to_executor) {
    enum crux_claim_state state;
    *to_executor = false;
    if (escrow->state == CRUX_ESCROW_HELD)
        return play->now > escrow->deadline ? CRUX_OK : CRUX_E_NOT_TOO_LATE;
    enum crux_status status = crux_game_claim_state(&state, play->game, &escrow->claim, play->now);
    if (status != CRUX_OK) return status;
    switch (state) {
    case CRUX_CLAIM_UNKNOWN:
    case CRUX_CLAIM_PENDING: return CRUX_E_CLAIM_PENDING;
    case CRUX_CLAIM_FALLEN: return CRUX_OK;
    case CRUX_CLAIM_FINAL:
    case CRUX_CLAIM_UNCHALLENGED: *to_executor = true; return CRUX_OK;
    }
    return CRUX_E_INTERNAL;
}

enum crux_status crux_play_pay_move(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_account requester = account_of(move->account),
                        executor = account_of(move->executor);
    struct crux_game_escrow escrow;
    bool to_executor;
    enum crux_status status = get_escrow(play, &escrow, &requester, &executor, move->hash);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_ESCROW_UNKNOWN;
    if (status != CRUX_OK) return status;
    if (escrow.state == CRUX_ESCROW_PAID || escrow.state == CRUX_ESCROW_RETURNED)
        return crux_play_repeated(play);
    status = due(play, &escrow, &to_executor);
    if (status != CRUX_OK) return status;
    escrow.state = to_executor ? CRUX_ESCROW_PAID : CRUX_ESCROW_RETURNED;
    play->chain.fees -= escrow.amount;
    play->out->paid = escrow.amount;
    status = crux_play_pay(play, to_executor ? &executor : &requester, escrow.amount);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_ESCROW, &escrow);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* spec/70-game.md#finality: "the bonds of all claims of a batch that have not fallen and have nothing open" */
enum crux_status crux_play_finalise(struct crux_play *play) {
    struct crux_game_batch *batch = &play->batch;
    enum crux_status status = crux_game_get_batch(play->game, play->move->claim.batch, batch);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_CLAIM_UNKNOWN;
    if (status != CRUX_OK) return status;
    play->out->claim.batch = batch->key;
    uint32_t kept = batch->fallen + batch->open + batch->released;
    if (batch->fallen + batch->released == batch->count) return crux_play_repeated(play);
    /* Once the window is closed nothing new is opened, so what is released never falls. */
    if (play->now <= crux_batch_window_end(batch) || kept == batch->count)
        return CRUX_E_CLAIM_PENDING;
    CRUX_ASSERT(kept < batch->count);
    uint64_t amount = (batch->count - kept) * batch->bond;
    batch->released += batch->count - kept;
    play->chain.bonds -= amount;
    play->out->paid = amount;
    status = crux_play_pay(play, &batch->executor, amount);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_BATCH, batch);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}
