#include <errno.h>
#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "executor/service/service_parts.h"

static void on_wake(evutil_socket_t fd, short what, void *ctx) {
    struct service *service = ctx;
    uint64_t count;
    (void)what;
    (void)!read((int)fd, &count, sizeof count);
    mailbox_take(service);
}

enum crux_status mailbox_open(struct mailbox *mailbox, struct service *service) {
    mailbox->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (pthread_mutex_init(&mailbox->lock, NULL) != 0 || mailbox->wake < 0) return CRUX_E_IO;
    mailbox->event =
        event_new(service->base, mailbox->wake, EV_READ | EV_PERSIST, on_wake, service);
    if (mailbox->event == NULL || event_add(mailbox->event, NULL) != 0) return CRUX_E_OUT_OF_MEMORY;
    return CRUX_OK;
}

void mailbox_close(struct mailbox *mailbox) {
    if (mailbox->event != NULL) event_free(mailbox->event);
    if (mailbox->wake >= 0) (void)close(mailbox->wake);
    (void)pthread_mutex_destroy(&mailbox->lock);
}

void mailbox_put(struct mailbox *mailbox, struct answer *answer) {
    const uint64_t one = 1;
    bool wake = false;
    (void)pthread_mutex_lock(&mailbox->lock);
    if (!*answer_in_mailbox(answer)) {
        *answer_in_mailbox(answer) = true;
        *answer_link(answer) = NULL;
        wake = mailbox->first == NULL;
        if (wake)
            mailbox->first = answer;
        else
            *answer_link(mailbox->last) = answer;
        mailbox->last = answer;
    }
    (void)pthread_mutex_unlock(&mailbox->lock);
    if (wake) (void)!write(mailbox->wake, &one, sizeof one);
}

void mailbox_put_trace(struct mailbox *mailbox, struct trace_job *job) {
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&mailbox->lock);
    *trace_link(job) = mailbox->traces;
    mailbox->traces = job;
    (void)pthread_mutex_unlock(&mailbox->lock);
    (void)!write(mailbox->wake, &one, sizeof one);
}

static void take_traces(struct mailbox *mailbox) {
    (void)pthread_mutex_lock(&mailbox->lock);
    struct trace_job *at = mailbox->traces, *next;
    mailbox->traces = NULL;
    (void)pthread_mutex_unlock(&mailbox->lock);
    for (; at != NULL; at = next) {
        next = *trace_link(at);
        trace_news(at);
    }
}

void mailbox_take(struct service *service) {
    struct mailbox *mailbox = &service->mailbox;
    take_traces(mailbox);
    (void)pthread_mutex_lock(&mailbox->lock);
    struct answer *at = mailbox->first, *next;
    mailbox->first = mailbox->last = NULL;
    (void)pthread_mutex_unlock(&mailbox->lock);
    for (; at != NULL; at = next) {
        /* from here on it may be put again */
        (void)pthread_mutex_lock(&mailbox->lock);
        next = *answer_link(at);
        *answer_in_mailbox(at) = false;
        (void)pthread_mutex_unlock(&mailbox->lock);
        answer_news(at);
    }
}
