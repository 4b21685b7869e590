/* What crux challenger says to machines while it runs: Prometheus figures over HTTP, on a thread of its own. */
#ifndef CRUX_CLI_CHALLENGER_H
#define CRUX_CLI_CHALLENGER_H

#include <jansson.h>

#include "challenger/challenger.h"

enum { CRUX_CLI_METRICS_MESSAGE_BYTES = 512 };

struct crux_cli_metrics;

/* Out: metrics, to be closed; message, on failure.  In: address, as crux_http_server_open takes it.
 * Returns: crux_http_server_open's; CRUX_E_IO. */
CRUX_MUST_CHECK
enum crux_status crux_cli_metrics_open(struct crux_cli_metrics **metrics, const char *address,
                                       char message[CRUX_CLI_METRICS_MESSAGE_BYTES]);
void crux_cli_metrics_close(struct crux_cli_metrics *metrics);
/* What is said from now on.  In: metrics, may be NULL. */
void crux_cli_metrics_set(struct crux_cli_metrics *metrics,
                          const struct crux_challenger_figures *figures);
/* Returns: where it listens. */
unsigned crux_cli_metrics_port(const struct crux_cli_metrics *metrics);

/* The figures as one object; NULL: memory ran out. */
json_t *crux_cli_challenger_json(const struct crux_challenger_figures *figures);

#endif
