/* Time that passes, for what commands say of themselves. */
#ifndef CRUX_CLI_SECONDS_H
#define CRUX_CLI_SECONDS_H

/* Returns: seconds since some moment, on a clock that nobody sets; 0 if the machine has none. */
double crux_cli_seconds(void);

#endif
