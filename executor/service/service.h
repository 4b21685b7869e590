/* The only way into executor/service/ from another folder: the service of an executor, from its start to its end.
 *
 *   main thread     event loop: HTTP, streams, receipts and the store, chain, timers
 *   compute thread  the batcher's: every token of every request
 */
#ifndef CRUX_EXECUTOR_SERVICE_SERVICE_H
#define CRUX_EXECUTOR_SERVICE_SERVICE_H

#include "chain-adapter/keys/keys.h"
#include "executor/service/config.h"
#include "executor/service/log.h"

enum { CRUX_SERVICE_MESSAGE_BYTES = 1024 };

/* Serves until SIGTERM or SIGINT: what is being answered is answered to its end; a second signal ends that at once. From
 * the first one on, neither does anything else to the process, so that it closes in order.
 * In: key, that signs, if there is a chain; ready, called once it listens, with the address and port; may be NULL.
 * Out: message, on failure.
 * Returns: CRUX_OK after a signal; CRUX_E_STOPPING after a second one, everything closed as after the first; CRUX_E_USAGE for a configuration that makes no sense; what opening it returns. */
CRUX_MUST_CHECK
enum crux_status crux_service_run(const struct crux_service_config *config,
                                  const struct crux_key *key,
                                  void (*ready)(void *ctx, const char *address, unsigned port),
                                  void *ctx, char message[CRUX_SERVICE_MESSAGE_BYTES]);

#endif
