#include "executor/engine/runner_pack.h"

#include <stdlib.h>

#include "executor/engine/threads.h"

enum {
    TASK_BYTES = 512 << 10, /* packed by a task, about */
    THREAD_BYTES = 1 << 20  /* packed by a thread at least, or it is not worth starting */
};

static uint32_t panels_of(const struct runner_packing *packing, const struct runner_packed *item) {
    return (item->tiles.rows - 1) / packing->backend->panel_outputs + 1;
}

enum crux_status runner_pack_add(struct runner_packing *packing, struct crux_backend_matrix *matrix,
                                 const struct crux_tiles *tiles) {
    if (packing->count == packing->cap) {
        size_t cap = packing->cap == 0 ? 256 : 2 * packing->cap;
        struct runner_packed *list = realloc(packing->list, cap * sizeof *list);
        if (list == NULL) return CRUX_E_OUT_OF_MEMORY;
        packing->list = list;
        packing->cap = cap;
    }
    packing->list[packing->count++] = (struct runner_packed){.matrix = matrix, .tiles = *tiles};
    packing->tiles_bytes += tiles->rows * crux_tiles_row_bytes(&tiles->tile, tiles->inputs);
    return CRUX_OK;
}

/* Tasks from `first` on: a pool takes a limited number at once. */
struct run {
    const struct runner_packing *packing;
    uint32_t first;
};

static void run_all(struct crux_threads *pool, crux_threads_task *task,
                    const struct runner_packing *packing, uint32_t tasks) {
    for (struct run run = {packing, 0}; run.first < tasks;) {
        uint32_t left = tasks - run.first;
        uint32_t some = left < CRUX_THREADS_TASKS_MAX ? left : CRUX_THREADS_TASKS_MAX;
        crux_threads_run(pool, task, &run, some);
        run.first += some;
    }
}

/* ---- where each matrix goes ---- */

static void look_at(void *ctx, uint32_t number, unsigned thread) {
    const struct run *run = ctx;
    struct crux_tiles *tiles = &run->packing->list[run->first + number].tiles;
    (void)thread;
    tiles->form = crux_backend_form(tiles);
}

static void lay_out(struct runner_packing *packing, struct runner_packed *item) {
    size_t bytes = packing->backend->packed_bytes(&item->tiles);
    uint32_t panels = panels_of(packing, item), tasks = (uint32_t)(bytes / TASK_BYTES + 1);
    if (tasks > panels) tasks = panels;
    item->at = packing->bytes;
    item->panels = (panels - 1) / tasks + 1;
    item->first_task = packing->tasks;
    packing->tasks += (panels - 1) / item->panels + 1;
    packing->bytes += (bytes + CRUX_BACKEND_ALIGN_BYTES - 1) / CRUX_BACKEND_ALIGN_BYTES *
                      CRUX_BACKEND_ALIGN_BYTES;
}

/* ---- packing ---- */

static const struct runner_packed *item_of(const struct runner_packing *packing, uint32_t task) {
    size_t low = 0, high = packing->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (packing->list[middle].first_task <= task)
            low = middle;
        else
            high = middle;
    }
    return &packing->list[low];
}

static void pack_panels(void *ctx, uint32_t number, unsigned thread) {
    const struct run *run = ctx;
    const struct runner_packing *packing = run->packing;
    uint32_t task = run->first + number;
    const struct runner_packed *item = item_of(packing, task);
    uint32_t first = (task - item->first_task) * item->panels,
             left = panels_of(packing, item) - first;
    uint32_t panels = left < item->panels ? left : item->panels;
    (void)thread;
    packing->backend->pack_range(packing->memory + item->at, &item->tiles, first, panels);
    if (!packing->mapped) return;
    size_t row = (size_t)crux_tiles_row_bytes(&item->tiles.tile, item->tiles.inputs),
           rows = packing->backend->panel_outputs;
    size_t end = ((size_t)first + panels) * rows, outputs = item->tiles.rows;
    if (end > outputs) end = outputs;
    runner_memory_give_back(item->tiles.bytes + first * rows * row, (end - first * rows) * row);
}

enum crux_status runner_pack_all(struct runner_packing *packing, struct runner_memory *memory) {
    unsigned threads = crux_threads_default();
    struct crux_threads *pool;
    if (packing->count == 0) return CRUX_OK;
    if (threads > packing->tiles_bytes / THREAD_BYTES + 1)
        threads = (unsigned)(packing->tiles_bytes / THREAD_BYTES + 1);
    enum crux_status status = crux_threads_open(&pool, threads, NULL);
    if (status != CRUX_OK) return status;
    run_all(pool, look_at, packing, (uint32_t)packing->count);
    for (size_t i = 0; i < packing->count; i++) lay_out(packing, &packing->list[i]);
    packing->memory = runner_memory_get_large(memory, packing->bytes);
    if (packing->memory == NULL) {
        crux_threads_close(pool);
        return CRUX_E_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < packing->count; i++) {
        const struct crux_tiles *tiles = &packing->list[i].tiles;
        *packing->list[i].matrix =
            (struct crux_backend_matrix){tiles->tile, tiles->rows, tiles->inputs, tiles->form,
                                         packing->memory + packing->list[i].at};
    }
    run_all(pool, pack_panels, packing, packing->tasks);
    crux_threads_close(pool);
    return CRUX_OK;
}

void runner_pack_free(struct runner_packing *packing) {
    free(packing->list);
    packing->list = NULL;
}
