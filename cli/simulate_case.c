/* The element on which a dispute ended: its values, and the file that shows them to others. */
#include "cli/file.h"
#include "cli/output.h"
#include "cli/simulate.h"

static void see_values(void *ctx, int64_t claimed, int64_t lawful) {
    struct crux_cli_simulation *s = ctx;
    s->claimed = claimed;
    s->lawful = lawful;
}

void crux_cli_simulate_judge(struct crux_cli_simulation *s) {
    const struct crux_cli_play *play = &s->play;
    const struct crux_observer observer = {.ctx = s, .compared = see_values};
    s->judged = false;
    s->claimed = s->lawful = 0;
    if (!play->has_element || play->witness == NULL) return;
    s->judged =
        crux_adjudicate_watched(&s->finding, crux_archive_claim(play->executor), &play->element,
                                play->witness, play->witness_bytes, &observer) == CRUX_OK;
}

enum crux_cli_exit crux_cli_simulate_keep(const struct crux_cli_call *call, const char *path,
                                          const struct crux_cli_simulation *s) {
    static uint8_t bytes[CRUX_CASE_HEAD_BYTES + CRUX_WITNESS_BYTES_MAX];
    char message[CRUX_CLI_MESSAGE_BYTES];
    const struct crux_case c = {.claim = *crux_archive_claim(s->play.executor),
                                .element = s->play.element,
                                .witness = s->play.witness,
                                .witness_bytes = s->play.witness_bytes};
    struct crux_writer writer;
    if (!s->judged)
        return crux_cli_fail(call, CRUX_E_UNSUPPORTED,
                             "--output: no element was proven in this dispute");
    crux_writer_init(&writer, bytes, sizeof bytes);
    enum crux_status status = crux_case_encode(&writer, &c);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "the case does not encode");
    status = crux_cli_file_write(message, path, bytes, writer.at);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_fail(call, status, "%s", message);
}
