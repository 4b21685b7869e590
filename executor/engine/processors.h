/* Processors that this process may use, and holding threads on them. By hwloc, which reads the machine once a process:
 * what the process may use (affinity, cgroup) is what it might when it first asked.
 *
 *   core 0         core 1         "cores" holds thread 0 on 0, 1 on 2, 2 on 1, 3 on 3: a core each, then its
 *   cpu 0, cpu 1   cpu 2, cpu 3   second hyper-thread; "3,0-1" holds them on 3, 0, 1, and begins again
 */
#ifndef CRUX_EXECUTOR_ENGINE_PROCESSORS_H
#define CRUX_EXECUTOR_ENGINE_PROCESSORS_H

#include <stddef.h>

#include "kernels/kernels.h"

enum { CRUX_PROCESSORS_MAX = 1024 };

/* Returns: cores that this process may use, no more than its share of time (cgroup) is worth; at least 1. */
unsigned crux_processors_cores(void);

/* Out: list, of at most CRUX_PROCESSORS_MAX processors by the system's numbers; *count of them, 0: threads go free.
 * In: pin, "none" or NULL, "cores", or a list such as "0,2-3".
 * Returns: CRUX_E_USAGE for a list that is none, or names a processor that this process may not use. */
CRUX_MUST_CHECK
enum crux_status crux_processors_choose(unsigned *list, unsigned *count, const char *pin);

/* Holds the calling thread on a processor; where the system refuses, it goes on unheld. */
void crux_processors_hold(unsigned processor);

/* Where the calling thread may run.  Returns: for crux_processors_release, which gives that back; NULL: unknown. */
void *crux_processors_held(void);
void crux_processors_release(void *held);

/* Spreads memory that nobody has touched yet over the nodes of a machine that has several: every core then reads it
 * equally fast, wherever its threads are. Does nothing elsewhere. */
void crux_processors_spread(void *memory, size_t bytes);

#endif
