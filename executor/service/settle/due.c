/* What costs a bond or a pledge if it is late: demands and calls, the one that ends first before the others, however many
 * there are of either kind.  spec/70-game.md#demands, spec/70-game.md#receipts */
#include "executor/service/settle/inside.h"

struct due {
    uint64_t end;                    /* chain's clock: what ends then or later is not looked at */
    struct crux_store_demand demand; /* number 0: there is none left */
    struct crux_store_call call;     /* likewise */
    bool has_posted;                 /* for the sake of a call; once in a tick is enough */
};

static enum crux_status next_demand(struct crux_settle *settle, struct due *due) {
    enum crux_status status = crux_store_demand_next(settle->store, &due->demand);
    if (due->demand.deadline >= due->end) due->demand.number = 0;
    return status == CRUX_OK || status == CRUX_E_NOT_FOUND ? CRUX_OK
                                                           : settle_store_failed(settle, status);
}

static enum crux_status next_call(struct crux_settle *settle, struct due *due) {
    enum crux_status status = crux_store_call_next(settle->store, &due->call, CRUX_STORE_CALL_OPEN);
    if (due->call.answer_by >= due->end) due->call.number = 0;
    return status == CRUX_OK || status == CRUX_E_NOT_FOUND ? CRUX_OK
                                                           : settle_store_failed(settle, status);
}

/* What is called and does not stand on the chain yet is posted before whatever is due after it. */
static enum crux_status post_for_call(struct crux_settle *settle, struct due *due) {
    bool waits = due->call.run != 0 && due->call.run_state < CRUX_STORE_POSTED;
    if (!waits || due->has_posted) return CRUX_OK;
    due->has_posted = true;
    enum crux_status status = settle_marks_end(settle, CRUX_OK); /* posting has groups of its own */
    if (status == CRUX_OK) status = settle_form(settle);
    if (status == CRUX_OK) status = settle_post(settle);
    if (status != CRUX_OK) return status;
    due->call.number--; /* the same once more, as it is now */
    return next_call(settle, due);
}

static enum crux_status answer_call(struct crux_settle *settle, struct due *due) {
    enum crux_status status = post_for_call(settle, due);
    if (status == CRUX_OK && due->call.number != 0) status = settle_answer_call(settle, &due->call);
    return status == CRUX_OK ? next_call(settle, due) : status;
}

static enum crux_status answer_demand(struct crux_settle *settle, struct due *due) {
    enum crux_status status = settle_answer_demand(settle, &due->demand);
    return status == CRUX_OK ? next_demand(settle, due) : status;
}

/* Those that end at `from` or later, and before `end`. */
static enum crux_status answer_between(struct crux_settle *settle, uint64_t from, uint64_t end) {
    struct due due = {.end = end, .demand.deadline = from, .call.answer_by = from};
    enum crux_status status = next_demand(settle, &due);
    if (status == CRUX_OK) status = next_call(settle, &due);
    /* each is behind the one of its kind before it */
    while (status == CRUX_OK && (due.demand.number != 0 || due.call.number != 0)) {
        bool is_call = due.demand.number == 0 ||
                       (due.call.number != 0 && due.call.answer_by <= due.demand.deadline);
        status = is_call ? answer_call(settle, &due) : answer_demand(settle, &due);
    }
    return status;
}

/* What is late already is noted when nothing is left that can be in time: it costs moves too, and there may be many. */
static enum crux_status answer_each(struct crux_settle *settle) {
    const uint64_t now = settle->chain_time;
    enum crux_status status = answer_between(settle, now, UINT64_MAX);
    if (status == CRUX_OK) status = answer_between(settle, 0, now);
    return status == CRUX_E_QUEUE_FULL ? CRUX_OK : status;
}

enum crux_status settle_answer(struct crux_settle *settle) {
    return settle_marks_end(settle, answer_each(settle));
}
