#include "executor/service/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const double crux_histogram_bounds[CRUX_METRICS_BOUNDS] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

void crux_histogram_add(struct crux_histogram *histogram, double seconds) {
    unsigned i = 0;
    while (i < CRUX_METRICS_BOUNDS && seconds > crux_histogram_bounds[i]) i++;
    histogram->count[i]++;
    histogram->sum += seconds;
}

void crux_metrics_count(struct crux_metrics_requests *requests, const char *path, int status,
                        double seconds) {
    unsigned i = 0;
    if (requests->rows == CRUX_METRICS_ROWS_MAX - 1) path = "other", status = 0;
    while (i < requests->rows &&
           (requests->row[i].status != status || strcmp(requests->row[i].path, path) != 0))
        i++;
    struct crux_metrics_row *row = &requests->row[i];
    if (i == requests->rows) {
        if (requests->rows == CRUX_METRICS_ROWS_MAX) return;
        requests->rows++;
        (void)snprintf(row->path, sizeof row->path, "%s", path);
        row->status = status;
    }
    row->count++;
    row->seconds += seconds;
}

CRUX_PRINTF(2, 3)
static void put(struct crux_metrics_text *out, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (out->status != CRUX_OK || len < 0 || (size_t)len >= sizeof line) return;
    out->status = crux_text_add(&out->text, line, (size_t)len);
}

void crux_metrics_family(struct crux_metrics_text *out, const char *name, const char *kind,
                         const char *help) {
    put(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

void crux_metrics_value(struct crux_metrics_text *out, const char *name, const char *labels,
                        double value) {
    const char *open = labels == NULL ? "" : "{", *close = labels == NULL ? "" : "}";
    if (labels == NULL) labels = "";
    /* counts are whole up to 2^53 */
    if (value == floor(value) && fabs(value) < 9e15)
        put(out, "%s%s%s%s %.0f\n", name, open, labels, close, value);
    else
        put(out, "%s%s%s%s %.9g\n", name, open, labels, close, value);
}

void crux_metrics_figures(struct crux_metrics_text *out, const struct crux_metrics_figure *figures,
                          size_t count) {
    for (size_t i = 0; i < count; i++) {
        crux_metrics_family(out, figures[i].name, figures[i].kind, figures[i].help);
        crux_metrics_value(out, figures[i].name, NULL, figures[i].value);
    }
}

void crux_metrics_histogram(struct crux_metrics_text *out, const char *name, const char *help,
                            const struct crux_histogram *histogram) {
    uint64_t sum = 0;
    crux_metrics_family(out, name, "histogram", help);
    for (unsigned i = 0; i < CRUX_METRICS_BOUNDS; i++) {
        sum += histogram->count[i];
        put(out, "%s_bucket{le=\"%g\"} %llu\n", name, crux_histogram_bounds[i],
            (unsigned long long)sum);
    }
    sum += histogram->count[CRUX_METRICS_BOUNDS];
    put(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.9g\n%s_count %llu\n", name,
        (unsigned long long)sum, name, histogram->sum, name, (unsigned long long)sum);
}

void crux_metrics_requests(struct crux_metrics_text *out,
                           const struct crux_metrics_requests *requests) {
    char labels[160];
    crux_metrics_family(out, "crux_http_requests_total", "counter", "Answers, by path and status.");
    for (unsigned i = 0; i < requests->rows; i++) {
        (void)snprintf(labels, sizeof labels, "path=\"%s\",status=\"%d\"", requests->row[i].path,
                       requests->row[i].status);
        crux_metrics_value(out, "crux_http_requests_total", labels, (double)requests->row[i].count);
    }
    crux_metrics_family(out, "crux_http_request_seconds_total", "counter",
                        "Time that they took, by path and status.");
    for (unsigned i = 0; i < requests->rows; i++) {
        (void)snprintf(labels, sizeof labels, "path=\"%s\",status=\"%d\"", requests->row[i].path,
                       requests->row[i].status);
        crux_metrics_value(out, "crux_http_request_seconds_total", labels,
                           requests->row[i].seconds);
    }
}

void crux_metrics_escape(char *escaped, size_t most, const char *text) {
    size_t len = 0;
    for (; *text != 0 && len + 3 < most; text++) {
        if (*text == '"' || *text == '\\') escaped[len++] = '\\';
        escaped[len++] = *text == '\n' ? ' ' : *text;
    }
    escaped[len] = 0;
}
