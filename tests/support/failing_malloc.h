/* Fails one allocation at a time, for tests of what happens without memory. The test's binary is linked with
 * FAILING_MALLOC of its tests.cmake:  --wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free
 *
 *   for (failing_malloc_arm(0); ...; failing_malloc_arm(++i))
 *       call; failing_malloc_disarm() says whether allocation i was reached, and so failed */
#ifndef CRUX_TESTS_SUPPORT_FAILING_MALLOC_H
#define CRUX_TESTS_SUPPORT_FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* From now on allocation number `nth` (from 0) fails; those before and after it succeed. */
void failing_malloc_arm(size_t nth);
/* Returns: whether an allocation has failed since it was armed. */
bool failing_malloc_disarm(void);

/* Returns: blocks allocated and not yet freed by the code under test and by the test. */
long failing_malloc_live(void);

#endif
