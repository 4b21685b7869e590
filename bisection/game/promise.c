/* What an executor pledges for its receipts, and what becomes of it.   spec/70-game.md#receipts */
#include "bisection/commitment/receipt.h"
#include "bisection/game/inside.h"
#include "bisection/game/promise_bytes.h"

static struct crux_account account_of(const uint8_t *bytes) {
    struct crux_account account;
    crux_copy(account.b, bytes, sizeof account.b);
    return account;
}

/* ---- pledges ---- */

/* spec/70-game.md#receipts: "`pledge` names how much the account will have pledged in all" */
enum crux_status crux_play_pledge(struct crux_play *play) {
    struct crux_game_pledge pledge;
    uint64_t total = play->move->amount;
    enum crux_status status = crux_game_get_pledge(play->game, play->sender, &pledge);
    if (status != CRUX_OK) return status;
    if (total <= pledge.total) return crux_play_repeated(play);
    if (total > CRUX_GAME_AMOUNT_MAX) return CRUX_E_AMOUNT_INVALID;
    uint64_t more = total - pledge.total;
    status = crux_play_take(play, more);
    if (status != CRUX_OK) return status;
    pledge.amount += more;
    pledge.total = total;
    pledge.leaving = 0;
    pledge.leaving_at = 0;
    play->chain.pledges += more;
    status = crux_play_put(play, CRUX_TABLE_PLEDGE, &pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

enum crux_status crux_play_leave(struct crux_play *play) {
    struct crux_game_pledge pledge;
    enum crux_status status = crux_game_get_pledge(play->game, play->sender, &pledge);
    if (status != CRUX_OK) return status;
    if (pledge.leaving) return crux_play_repeated(play);
    if (pledge.amount == 0 && pledge.open == 0) return CRUX_E_PLEDGE_UNKNOWN;
    pledge.leaving = 1;
    pledge.leaving_at = play->now + play->chain.parameters.leave_seconds;
    status = crux_play_put(play, CRUX_TABLE_PLEDGE, &pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

enum crux_status crux_play_release(struct crux_play *play) {
    struct crux_game_pledge pledge;
    enum crux_status status = crux_game_get_pledge(play->game, play->sender, &pledge);
    if (status != CRUX_OK) return status;
    if (pledge.total == 0) return CRUX_E_PLEDGE_UNKNOWN;
    if (!pledge.leaving)
        return pledge.amount == 0 && pledge.open == 0 ? crux_play_repeated(play)
                                                      : CRUX_E_MOVE_UNEXPECTED;
    if (play->now <= pledge.leaving_at) return CRUX_E_NOT_TOO_LATE;
    if (pledge.open > 0) return CRUX_E_PROMISE_PENDING;
    uint64_t amount = pledge.amount;
    pledge.amount = 0;
    pledge.leaving = 0;
    pledge.leaving_at = 0;
    play->chain.pledges -= amount;
    play->out->paid = amount;
    status = crux_play_pay(play, play->sender, amount);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_PLEDGE, &pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* ---- receipts ---- */

/* Out: receipt, on this chain, of the move's executor and request; digest; signature.  In: CRUX_PROMISE_BYTES. */
static void read_promise(struct crux_receipt *receipt, uint8_t digest[32],
                         const uint8_t **signature, const struct crux_play *play,
                         const uint8_t *bytes) {
    crux_copy(receipt->chain_id, play->game->chain_id, 32);
    crux_copy(receipt->contract, play->game->contract, 32);
    crux_copy(receipt->executor, play->move->executor, sizeof receipt->executor);
    crux_copy(receipt->request_hash, play->move->hash, 32);
    *signature = crux_promise_read(receipt, bytes);
    crux_receipt_digest(digest, receipt);
}

static bool is_signed(const struct crux_play *play, const struct crux_account *executor,
                      const uint8_t digest[32], const uint8_t *signature) {
    const struct crux_game *game = play->game;
    return game->verify != NULL && game->verify(game->verify_ctx, executor, digest, signature);
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* A new promise. Nothing is set aside for it: else an executor could hide its pledge behind promises that its second name
 * calls and it keeps.  In: pledge, of its executor. */
static void begin(struct crux_play *play, struct crux_game_promise *promise,
                  struct crux_game_pledge *pledge, const struct crux_receipt *receipt,
                  const uint8_t digest[32]) {
    const struct crux_game_parameters *p = &play->chain.parameters;
    crux_zero(promise, sizeof *promise);
    crux_copy(promise->key, digest, 32);
    promise->executor = pledge->key;
    promise->holder = *play->sender;
    promise->requester = account_of(receipt->requester);
    crux_copy(promise->claim_hash, receipt->claim_hash, 32);
    promise->mode = receipt->mode;
    promise->state = CRUX_PROMISE_OPEN;
    promise->answer_by = play->now + p->demand_seconds;
    promise->penalty = p->receipt_penalty;
    promise->reward = p->receipt_reward;
    promise->fee = p->demand_fee;
    pledge->open++;
    play->chain.fees += promise->fee;
}

enum crux_status crux_play_call(struct crux_play *play) {
    struct crux_account executor = account_of(play->move->executor);
    struct crux_game_promise promise;
    struct crux_game_pledge pledge;
    struct crux_receipt receipt;
    const uint8_t *signature;
    uint8_t digest[32];
    read_promise(&receipt, digest, &signature, play, play->move->promise);
    enum crux_status status = crux_game_get_promise(play->game, digest, &promise);
    bool is_called = status == CRUX_OK;
    if (is_called && crux_account_equal(&promise.holder, play->sender))
        return crux_play_repeated(play);
    if (!is_called && status != CRUX_E_NOT_FOUND) return status;
    status = crux_game_get_pledge(play->game, &executor, &pledge);
    if (status != CRUX_OK) return status;
    if (pledge.amount == 0) return CRUX_E_PLEDGE_UNKNOWN;
    if (play->now <= receipt.deadline) return CRUX_E_NOT_TOO_LATE;
    /* the deadline lies before now, so this sum is one of small numbers */
    if (play->now > receipt.deadline + play->chain.parameters.window_seconds)
        return CRUX_E_TOO_LATE;
    if (!is_signed(play, &executor, digest, signature)) return CRUX_E_SIGNATURE_INVALID;
    status = crux_receipt_check(&receipt);
    if (status == CRUX_OK && is_called) status = CRUX_E_ALREADY_DEMANDED;
    if (status == CRUX_OK) status = crux_play_take(play, play->chain.parameters.demand_fee);
    if (status != CRUX_OK) return status;
    begin(play, &promise, &pledge, &receipt, digest);
    status = crux_play_put(play, CRUX_TABLE_PROMISE, &promise);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_PLEDGE, &pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* The promise that the move names, and its executor's pledge.  Returns: CRUX_E_RECEIPT_UNKNOWN, the store's. */
static enum crux_status load(struct crux_play *play, struct crux_game_promise *promise,
                             struct crux_game_pledge *pledge) {
    enum crux_status status = crux_game_get_promise(play->game, play->move->hash, promise);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_RECEIPT_UNKNOWN;
    return status == CRUX_OK ? crux_game_get_pledge(play->game, &promise->executor, pledge)
                             : status;
}

/* The promise is over, and its fee goes to somebody. */
static enum crux_status end(struct crux_play *play, struct crux_game_promise *promise,
                            struct crux_game_pledge *pledge, enum crux_promise_state state,
                            const struct crux_account *to, uint64_t amount) {
    promise->state = (uint32_t)state;
    pledge->open--;
    play->chain.fees -= promise->fee;
    play->out->paid = amount;
    enum crux_status status = crux_play_pay(play, to, amount);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_PROMISE, promise);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_PLEDGE, pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* spec/70-game.md#receipts: "the batch is the executor's, of the receipt's mode and requester" */
static enum crux_status check_kept(const struct crux_play *play,
                                   const struct crux_game_promise *promise) {
    const struct crux_game_batch *batch = &play->batch;
    struct crux_cursor cursor;
    uint8_t root[32];
    if (!crux_account_equal(&batch->executor, &promise->executor) || batch->mode != promise->mode ||
        !crux_account_equal(&batch->requester, &promise->requester))
        return CRUX_E_CLAIM_MISMATCH;
    crux_cursor_init(&cursor, play->move->rest, play->move->rest_bytes);
    enum crux_status status =
        crux_path_root(root, batch->count, play->move->claim.member, promise->claim_hash, &cursor);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    return crux_equal(root, batch->root, 32) ? CRUX_OK : CRUX_E_PROOF_ROOT_MISMATCH;
}

enum crux_status crux_play_keep(struct crux_play *play) {
    struct crux_game_promise promise;
    struct crux_game_pledge pledge;
    enum crux_status status = load(play, &promise, &pledge);
    if (status == CRUX_OK) status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    if (promise.state == CRUX_PROMISE_KEPT) return crux_play_repeated(play);
    if (promise.state == CRUX_PROMISE_BROKEN || play->now > promise.answer_by)
        return CRUX_E_TOO_LATE;
    status = check_kept(play, &promise);
    if (status != CRUX_OK) return status;
    return end(play, &promise, &pledge, CRUX_PROMISE_KEPT, &promise.executor, promise.fee);
}

enum crux_status crux_play_lapse(struct crux_play *play) {
    struct crux_game_promise promise;
    struct crux_game_pledge pledge;
    enum crux_status status = load(play, &promise, &pledge);
    if (status != CRUX_OK) return status;
    if (promise.state == CRUX_PROMISE_BROKEN) return crux_play_repeated(play);
    if (promise.state == CRUX_PROMISE_KEPT) return CRUX_E_MOVE_UNEXPECTED;
    if (play->now <= promise.answer_by) return CRUX_E_NOT_TOO_LATE;
    uint64_t falls = least(promise.penalty, pledge.amount);
    uint64_t reward = least(promise.reward, falls / 2);
    pledge.amount -= falls;
    play->chain.pledges -= falls;
    play->chain.burned += falls - reward;
    return end(play, &promise, &pledge, CRUX_PROMISE_BROKEN, &promise.holder, reward + promise.fee);
}

static bool is_behind(const uint8_t *a, const uint8_t *b) {
    for (size_t i = 0; i < CRUX_PROMISE_BYTES; i++)
        if (a[i] != b[i]) return a[i] > b[i];
    return false;
}

/* Of executor, request and both receipts, the same for either order of these. */
static void conviction(uint8_t out[32], const struct crux_move *move) {
    bool swaps = is_behind(move->promise, move->other);
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_plain_update(&ctx, move->executor, sizeof(struct crux_account));
    crux_sha256_plain_update(&ctx, move->hash, 32);
    crux_sha256_plain_update(&ctx, swaps ? move->other : move->promise, CRUX_PROMISE_BYTES);
    crux_sha256_plain_update(&ctx, swaps ? move->promise : move->other, CRUX_PROMISE_BYTES);
    crux_sha256_plain_final(&ctx, out);
}

enum crux_status crux_play_convict(struct crux_play *play) {
    const struct crux_move *move = play->move;
    const uint8_t *bytes[2] = {move->promise, move->other}, *signature[2];
    struct crux_account executor = account_of(move->executor);
    struct crux_game_pledge pledge;
    struct crux_receipt receipt[2];
    uint8_t digest[2][32], hash[32];
    conviction(hash, move);
    enum crux_status status = crux_game_get_pledge(play->game, &executor, &pledge);
    if (status != CRUX_OK) return status;
    if (pledge.total > 0 && crux_equal(pledge.convicted, hash, 32)) return crux_play_repeated(play);
    if (pledge.amount == 0) return CRUX_E_PLEDGE_UNKNOWN;
    for (unsigned i = 0; i < 2; i++) {
        read_promise(&receipt[i], digest[i], &signature[i], play, bytes[i]);
        if (!is_signed(play, &executor, digest[i], signature[i])) return CRUX_E_SIGNATURE_INVALID;
    }
    for (unsigned i = 0; i < 2; i++) {
        status = crux_receipt_check(&receipt[i]);
        if (status != CRUX_OK) return status;
    }
    if (crux_equal(receipt[0].claim_hash, receipt[1].claim_hash, 32)) return CRUX_E_RECEIPTS_AGREE;
    uint64_t reward = least(play->chain.parameters.receipt_reward, pledge.amount / 2);
    play->chain.pledges -= pledge.amount;
    play->chain.burned += pledge.amount - reward;
    play->out->paid = reward;
    pledge.amount = 0;
    crux_copy(pledge.convicted, hash, 32);
    status = crux_play_pay(play, play->sender, reward);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_PLEDGE, &pledge);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}
