/* Time that passes: for waits, and for what programs say of themselves. */
#ifndef CRUX_CHAIN_ADAPTER_IO_SECONDS_H
#define CRUX_CHAIN_ADAPTER_IO_SECONDS_H

/* Returns: seconds since some moment, on a clock that nobody sets; 0 if the machine has none. */
double crux_seconds(void);

#endif
