/* The facts of a demo, in the order in which they come about; demo_say.c tells them. */
#ifndef CRUX_CLI_DEMO_H
#define CRUX_CLI_DEMO_H

#include "cli/command.h"
#include "cli/demo_lie.h"
#include "cli/demo_model.h"
#include "cli/demo_narrow.h"

struct crux_cli_demo {
    /* what is run */
    struct crux_cli_demo_model model;
    uint64_t seed;

    /* an honest executor */
    struct crux_archive *honest;
    struct crux_text answer;
    double honest_seconds; /* run and commit */
    uint64_t record_bytes, trace_leaves;
    size_t honest_witness_bytes;
    enum crux_finding honest_finding;

    /* another that lies once */
    struct crux_archive *liar;
    struct crux_cli_lie lie;
    unsigned
        lies_lost; /* drawn before, and either lost on the way to any record, so that the claim is the honest one, or
                    * followed by an answer of another length, which this narrowing cannot compare */

    /* the challenger */
    struct crux_archive *challenger;
    double challenger_seconds; /* re-execution */
    double narrow_seconds;
    struct crux_cli_narrowing narrowing;

    /* the end */
    size_t witness_bytes;
    uint8_t witness[CRUX_WITNESS_BYTES_MAX];
    double adjudicate_seconds;
    int64_t claimed, lawful; /* as the adjudicator saw them */
    enum crux_finding finding;
};

enum crux_cli_exit crux_cli_demo_say(const struct crux_cli_call *call,
                                     const struct crux_cli_demo *demo);

#endif
