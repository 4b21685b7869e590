/* What waits for the disk, beside the event loop: a write may take as long as many tokens.
 *
 *   ledger_promise --> | choices | --all of them--> begin, promise each, commit --> mailbox --> their last event
 *                                   now and then    settlement
 *
 * A receipt is on the disk before it is given away, as ever; what waits for that is the end of its own answer alone. */
#include <time.h>

#include "executor/service/answer/parts.h"
#include "executor/service/condition.h"

enum { TICK_NANOSECONDS = 250000000 };

void ledger_hold(struct service *service) {
    if (service->ledger.started) (void)pthread_mutex_lock(&service->ledger.held);
}

void ledger_release(struct service *service) {
    if (service->ledger.started) (void)pthread_mutex_unlock(&service->ledger.held);
}

/* ---- the thread ---- */

static void promise(struct service *service, struct answer_choice *first) {
    struct answer_choice *next;
    ledger_hold(service);
    receipts_begin(service);
    for (struct answer_choice *at = first; at != NULL; at = at->next)
        at->failed = !receipts_promise(at->answer, at, &at->error);
    bool kept = receipts_keep(service);
    ledger_release(service);
    for (struct answer_choice *at = first; at != NULL; at = next) {
        struct answer *answer = at->answer;
        next = at->next;
        if (!kept && !at->failed)
            at->failed = !crux_openai_fail(&at->error, 500, "store", NULL,
                                           "The receipt could not be kept, so there is no answer.");
        /* within the lock, as in on_done of answer.c: the answer is not freed before its news are taken */
        (void)pthread_mutex_lock(&answer->lock);
        at->settled = true;
        mailbox_put(&service->mailbox, answer);
        (void)pthread_mutex_unlock(&answer->lock);
    }
}

static struct timespec after_tick(void) {
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += TICK_NANOSECONDS;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static bool is_later(const struct timespec *than) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > than->tv_sec ||
           (now.tv_sec == than->tv_sec && now.tv_nsec >= than->tv_nsec);
}

static void *work(void *argument) {
    struct service *service = argument;
    struct ledger *ledger = &service->ledger;
    struct timespec tick = after_tick();
    (void)pthread_mutex_lock(&ledger->lock);
    while (!ledger->closing || ledger->first != NULL) {
        struct answer_choice *first = ledger->first;
        ledger->first = ledger->last = NULL;
        if (first == NULL && !is_later(&tick)) {
            (void)pthread_cond_timedwait(&ledger->work, &ledger->lock, &tick);
            continue;
        }
        (void)pthread_mutex_unlock(&ledger->lock);
        if (first != NULL) promise(service, first);
        if (is_later(&tick)) {
            ledger_hold(service);
            receipts_tick(service);
            ledger_release(service);
            tick = after_tick();
        }
        (void)pthread_mutex_lock(&ledger->lock);
    }
    (void)pthread_mutex_unlock(&ledger->lock);
    return NULL;
}

/* ---- its ends ---- */

enum crux_status ledger_open(struct service *service) {
    struct ledger *ledger = &service->ledger;
    if (service->receipts == NULL) return CRUX_OK;
    if (pthread_mutex_init(&ledger->held, NULL) != 0 ||
        pthread_mutex_init(&ledger->lock, NULL) != 0 || !condition_open(&ledger->work))
        return CRUX_E_OUT_OF_MEMORY;
    ledger->started = true; /* before there is a thread to see it */
    if (pthread_create(&ledger->thread, NULL, work, service) == 0) return CRUX_OK;
    ledger->started = false;
    return CRUX_E_OUT_OF_MEMORY;
}

void ledger_close(struct service *service) {
    struct ledger *ledger = &service->ledger;
    if (!ledger->started) return;
    (void)pthread_mutex_lock(&ledger->lock);
    ledger->closing = true;
    (void)pthread_cond_signal(&ledger->work);
    (void)pthread_mutex_unlock(&ledger->lock);
    (void)pthread_join(ledger->thread, NULL);
    ledger->started = false;
    (void)pthread_cond_destroy(&ledger->work);
    (void)pthread_mutex_destroy(&ledger->lock);
    (void)pthread_mutex_destroy(&ledger->held);
}

/* ---- promises ---- */

void ledger_promise(struct service *service, struct answer_choice *choice) {
    struct ledger *ledger = &service->ledger;
    if (!ledger->started) {
        choice->failed = !receipts_promise(choice->answer, choice, &choice->error);
        choice->settled = true;
        return;
    }
    (void)pthread_mutex_lock(&ledger->lock);
    choice->next = NULL;
    if (ledger->first == NULL)
        ledger->first = choice;
    else
        ledger->last->next = choice;
    ledger->last = choice;
    (void)pthread_cond_signal(&ledger->work);
    (void)pthread_mutex_unlock(&ledger->lock);
}
