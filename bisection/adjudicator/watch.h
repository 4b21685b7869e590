/* Telling an observer, if there is one. In wasm nobody watches, and these are nothing: CRUX_UNWATCHED. */
#ifndef CRUX_BISECTION_ADJUDICATOR_WATCH_H
#define CRUX_BISECTION_ADJUDICATOR_WATCH_H

#include "bisection/adjudicator/laws.h"

#ifdef CRUX_UNWATCHED
#define CRUX_WATCH(law, event, ...) ((void)(law))
#else
#define CRUX_WATCH(law, event, ...)                                                                \
    do {                                                                                           \
        const struct crux_observer *watching = (law)->observer;                                    \
        if (watching != NULL && watching->event != NULL)                                           \
            watching->event(watching->ctx, __VA_ARGS__);                                           \
    } while (0)
#endif

#endif
