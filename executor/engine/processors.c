#include "executor/engine/processors.h"

#include <hwloc.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static hwloc_topology_t machine; /* NULL: hwloc could not read it */

static void look(void) {
    /* hyper-threads, cores and memory nodes, and nothing that takes long to find out */
    enum {
        FLAGS = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING |
                HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS
    };
    if (hwloc_topology_init(&machine) != 0) {
        machine = NULL;
        return;
    }
    if (hwloc_topology_set_all_types_filter(machine, HWLOC_TYPE_FILTER_KEEP_NONE) == 0 &&
        hwloc_topology_set_type_filter(machine, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL) == 0 &&
        hwloc_topology_set_flags(machine, FLAGS) == 0 && hwloc_topology_load(machine) == 0)
        return;
    hwloc_topology_destroy(machine);
    machine = NULL;
}

static hwloc_topology_t the_machine(void) {
    (void)pthread_once(&once, look);
    return machine;
}

/* Processors' worth of time that a cgroup grants, rounded up; UINT_MAX: no limit known. */
static unsigned granted(void) {
    unsigned long quota, period;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file == NULL) return UINT_MAX;
    int fields = fscanf(file, "%lu %lu", &quota, &period); /* "max 100000" gives none */
    (void)fclose(file);
    if (fields != 2 || quota == 0 || period == 0) return UINT_MAX;
    return (unsigned)((quota - 1) / period + 1);
}

unsigned crux_processors_cores(void) {
    hwloc_topology_t m = the_machine();
    int cores = m == NULL ? 0 : hwloc_get_nbobjs_by_type(m, HWLOC_OBJ_CORE);
    if (m != NULL && cores < 1) cores = hwloc_get_nbobjs_by_type(m, HWLOC_OBJ_PU);
    if (cores < 1) cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    unsigned most = granted(), count = cores < 1 ? 1 : (unsigned)cores;
    return count < most ? count : most;
}

/* Every core's first processor, then every core's second, and so on. */
static unsigned by_cores(unsigned *list, hwloc_topology_t m) {
    unsigned count = 0;
    for (unsigned sibling = 0, before = UINT_MAX; count != before; sibling++) {
        hwloc_obj_t core = NULL;
        before = count;
        while ((core = hwloc_get_next_obj_by_type(m, HWLOC_OBJ_CORE, core)) != NULL) {
            hwloc_obj_t pu =
                hwloc_get_obj_inside_cpuset_by_type(m, core->cpuset, HWLOC_OBJ_PU, sibling);
            if (pu != NULL && count < CRUX_PROCESSORS_MAX) list[count++] = pu->os_index;
        }
    }
    return count;
}

/* Returns: whether there is a number at *text; then it is behind it. */
static bool take_number(unsigned *number, const char **text) {
    const char *start = *text;
    *number = 0;
    for (; **text >= '0' && **text <= '9' && *number < CRUX_PROCESSORS_MAX; ++*text)
        *number = *number * 10 + (unsigned)(**text - '0');
    return *text != start;
}

static enum crux_status by_list(unsigned *list, unsigned *count, hwloc_topology_t m,
                                const char *text) {
    hwloc_const_bitmap_t allowed = hwloc_topology_get_topology_cpuset(m);
    for (;; text++) {
        unsigned first, last;
        if (!take_number(&first, &text)) return CRUX_E_USAGE;
        last = first;
        if (*text == '-') {
            text++;
            if (!take_number(&last, &text)) return CRUX_E_USAGE;
        }
        if (last < first) return CRUX_E_USAGE;
        for (unsigned i = first; i <= last; i++) {
            if (!hwloc_bitmap_isset(allowed, i) || *count == CRUX_PROCESSORS_MAX)
                return CRUX_E_USAGE;
            list[(*count)++] = i;
        }
        if (*text == 0) return CRUX_OK;
        if (*text != ',') return CRUX_E_USAGE;
    }
}

enum crux_status crux_processors_choose(unsigned *list, unsigned *count, const char *pin) {
    *count = 0;
    if (pin == NULL || strcmp(pin, "none") == 0) return CRUX_OK;
    hwloc_topology_t m = the_machine();
    if (m == NULL) return CRUX_E_UNSUPPORTED;
    if (strcmp(pin, "cores") == 0) {
        *count = by_cores(list, m);
        return CRUX_OK;
    }
    return by_list(list, count, m, pin);
}

void crux_processors_hold(unsigned processor) {
    hwloc_topology_t m = the_machine();
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (m != NULL && set != NULL && hwloc_bitmap_set(set, processor) == 0)
        (void)hwloc_set_cpubind(m, set, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(set);
}

void *crux_processors_held(void) {
    hwloc_topology_t m = the_machine();
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (m != NULL && set != NULL && hwloc_get_cpubind(m, set, HWLOC_CPUBIND_THREAD) == 0)
        return set;
    hwloc_bitmap_free(set);
    return NULL;
}

void crux_processors_release(void *held) {
    hwloc_bitmap_t set = held;
    if (set == NULL) return;
    (void)hwloc_set_cpubind(the_machine(), set, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(set);
}

void crux_processors_spread(void *memory, size_t bytes) {
    hwloc_topology_t m = the_machine();
    if (m == NULL || hwloc_get_nbobjs_by_type(m, HWLOC_OBJ_NUMANODE) < 2) return;
    (void)hwloc_set_area_membind(m, memory, bytes, hwloc_topology_get_topology_nodeset(m),
                                 HWLOC_MEMBIND_INTERLEAVE, HWLOC_MEMBIND_BYNODESET);
}
