/* Figures of the service in the text format of Prometheus. The main thread's own. */
#ifndef CRUX_EXECUTOR_SERVICE_METRICS_H
#define CRUX_EXECUTOR_SERVICE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "executor/tokenizer/buffer.h"
#include "kernels/kernels.h"

enum { CRUX_METRICS_BOUNDS = 16, CRUX_METRICS_ROWS_MAX = 256 };

struct crux_histogram {
    uint64_t count[CRUX_METRICS_BOUNDS + 1]; /* not yet summed up; the last: beyond all bounds */
    double sum;
};

/* Seconds up to which each counts. */
extern const double crux_histogram_bounds[CRUX_METRICS_BOUNDS];
void crux_histogram_add(struct crux_histogram *histogram, double seconds);

/* How many answers of which path had which status. */
struct crux_metrics_requests {
    struct crux_metrics_row {
        char path[64];
        int status;
        uint64_t count;
        double seconds;
    } row[CRUX_METRICS_ROWS_MAX];
    unsigned rows;
};
/* Counts one; beyond the most rows, under the path "other". */
void crux_metrics_count(struct crux_metrics_requests *requests, const char *path, int status,
                        double seconds);

/* Text in the making; the first failure stays. */
struct crux_metrics_text {
    struct crux_text text;
    enum crux_status status;
};

/* In: kind, "counter" or "gauge". */
void crux_metrics_family(struct crux_metrics_text *out, const char *name, const char *kind,
                         const char *help);
/* In: labels, such as model="a", with values that need no escape; or NULL. */
void crux_metrics_value(struct crux_metrics_text *out, const char *name, const char *labels,
                        double value);
/* Families of one value each, without labels. */
struct crux_metrics_figure {
    const char *name, *kind, *help;
    double value;
};
void crux_metrics_figures(struct crux_metrics_text *out, const struct crux_metrics_figure *figures,
                          size_t count);
void crux_metrics_histogram(struct crux_metrics_text *out, const char *name, const char *help,
                            const struct crux_histogram *histogram);
void crux_metrics_requests(struct crux_metrics_text *out,
                           const struct crux_metrics_requests *requests);

/* Out: escaped, a value of a label.  In: most, bytes of escaped. */
void crux_metrics_escape(char *escaped, size_t most, const char *text);

#endif
