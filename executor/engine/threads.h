/* A few threads that share tasks: the caller and count - 1 helpers.
 *
 *   run(f, ctx, n)    f(ctx, 0 .. n-1, thread) each once, by whichever thread is free; returns when all are done
 *   post(n)           n more errands: done by helpers that have nothing else to do; returns at once
 *   finish()          returns when all errands are done; the caller helps
 *
 * Helpers spin for a moment between runs, then sleep, so that an idle engine costs nothing and a shared core is not
 * held. Who does which task must not matter to the result.
 */
#ifndef CRUX_EXECUTOR_ENGINE_THREADS_H
#define CRUX_EXECUTOR_ENGINE_THREADS_H

#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_THREADS_MAX = 256, CRUX_THREADS_TASKS_MAX = (1 << 20) - 1 };

struct crux_threads;

/* thread: 0 .. count-1, the one that does the task: for scratch memory. */
typedef void crux_threads_task(void *ctx, uint32_t task, unsigned thread);

/* In: count, 1 .. CRUX_THREADS_MAX; 0: a thread for each core that this process may use (crux_threads_default).
 *     pin, where threads are held, as crux_processors_choose takes it; the caller too, until crux_threads_close.
 * Returns: CRUX_E_OUT_OF_MEMORY; CRUX_E_USAGE for too many, or an unknown processor. */
CRUX_MUST_CHECK
enum crux_status crux_threads_open(struct crux_threads **threads, unsigned count, const char *pin);
/* On the thread that opened them. */
void crux_threads_close(struct crux_threads *threads);

/* Returns: cores that this process may use, 1 .. CRUX_THREADS_MAX. */
unsigned crux_threads_default(void);

unsigned crux_threads_count(const struct crux_threads *threads);

/* In: tasks, at most CRUX_THREADS_TASKS_MAX. One caller at a time. */
void crux_threads_run(struct crux_threads *threads, crux_threads_task *task, void *ctx,
                      uint32_t tasks);

/* What an errand is; its number counts from 0, over all calls of crux_threads_post. Call it before those. */
void crux_threads_errands(struct crux_threads *threads, crux_threads_task *errand, void *ctx);
/* More of them. What they need must be there before, and stay until crux_threads_finish. Without helpers they are done
 * at once. */
void crux_threads_post(struct crux_threads *threads, uint32_t errands);
void crux_threads_finish(struct crux_threads *threads);

#endif
