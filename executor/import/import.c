#include "executor/import/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "executor/engine/model_file.h"
#include "executor/import/convert.h"
#include "executor/import/manifest.h"
#include "executor/import/tokenizer_section.h"

enum { ROPE_BYTES_MAX = 1 << 30 };

struct job {
    const struct crux_import_options *options;
    struct crux_import_report *report;
    struct crux_import_message *message;
    struct crux_model_source source;
    struct crux_import_work work;
    struct crux_program draft, program;
    struct crux_model_writer writer;
    struct crux_tokenizer_section tokenizer;
    uint8_t *manifest;
    size_t manifest_len;
};

static double now_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void progress(const struct job *job, const char *what, uint64_t done, uint64_t all) {
    if (job->options->progress != NULL)
        job->options->progress(job->options->progress_ctx, what, done, all);
}

static enum crux_status lower(const struct job *job, struct crux_program *program) {
    char where[CRUX_LABEL_BYTES] = "";
    enum crux_status status = crux_fused_decoder(program, &job->work.decoder, where);
    if (status == CRUX_OK) return CRUX_OK;
    return crux_import_fail(job->message, status, "the model cannot be lowered%s%s: %s",
                            where[0] != 0 ? ", at " : "", where, crux_status_text(status));
}

static uint64_t all_bytes(const struct crux_program *program) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < program->tensor_count; i++)
        all += crux_model_tensor_bytes(&program->tensors[i]);
    return all;
}

static enum crux_status convert_all(struct job *job) {
    uint64_t done = 0, all = all_bytes(&job->draft);
    for (uint32_t i = 0; i < job->draft.tensor_count; i++) {
        const struct crux_model_tensor *tensor = &job->draft.tensors[i];
        uint64_t len = crux_model_tensor_bytes(tensor);
        enum crux_status status =
            crux_import_convert(&job->work, crux_model_writer_tensor(&job->writer, i), len, tensor);
        if (status != CRUX_OK) return status;
        progress(job, "converting", done += len, all);
    }
    return CRUX_OK;
}

/* The final program has the draft's tensors, with their true ranges. */
static bool same_storage(const struct crux_model_tensor *a, const struct crux_model_tensor *b) {
    return strcmp(a->name, b->name) == 0 && a->layout == b->layout &&
           crux_model_tensor_bytes(a) == crux_model_tensor_bytes(b);
}

static enum crux_status bind_all(struct job *job) {
    struct crux_program *program = &job->program;
    uint64_t done = 0, all = all_bytes(program);
    if (program->tensor_count != job->draft.tensor_count) return CRUX_E_INTERNAL;
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        uint64_t len = crux_model_tensor_bytes(&program->tensors[i]);
        if (!same_storage(&program->tensors[i], &job->draft.tensors[i])) return CRUX_E_INTERNAL;
        enum crux_status status =
            crux_model_bind(program, i, crux_model_writer_tensor(&job->writer, i), len);
        if (status != CRUX_OK) return status;
        progress(job, "hashing", done += len, all);
    }
    crux_model_bind_operands(program);
    return CRUX_OK;
}

static enum crux_status certify(struct job *job) {
    struct crux_refusal refusal = {.what = ""};
    progress(job, "certifying", 0, 1);
    enum crux_status status = crux_program_check(&job->program, &refusal);
    if (status == CRUX_OK)
        status = crux_certify(&job->program, NULL, &job->report->certificate, &refusal);
    progress(job, "certifying", 1, 1);
    if (status == CRUX_OK) return CRUX_OK;
    return crux_import_fail(job->message, status, "the model has no certificate: %s: %s",
                            refusal.label, refusal.what);
}

static void describe(struct job *job) {
    struct crux_import_report *report = job->report;
    const struct crux_import_work *work = &job->work;
    double error = 0, value = 0;
    for (size_t i = 0; i < CRUX_IMPORT_TYPES && work->type_names[i] != NULL; i++) {
        report->matrices[i].type = work->type_names[i];
        report->matrices[i].weights = work->types[i].weights;
        if (work->types[i].value > 0)
            report->matrices[i].error = sqrt(work->types[i].error / work->types[i].value);
        error += work->types[i].error;
        value += work->types[i].value;
    }
    if (value > 0) report->import_error = sqrt(error / value);
    if (work->norms.value > 0) report->norm_error = sqrt(work->norms.error / work->norms.value);
    report->layers = job->program.header.layers;
    report->ops = job->program.op_count;
    report->tensors = job->program.tensor_count;
}

static enum crux_status write_all(struct job *job) {
    char said[CRUX_MODEL_MESSAGE_BYTES] = "";
    struct crux_manifest manifest = {.report = job->report,
                                     .format = job->source.format,
                                     .weights = job->options->weights,
                                     .tokenizer = job->tokenizer.tokenizer,
                                     .tokenizer_len = job->tokenizer.tokenizer_len,
                                     .chat_template = (const uint8_t *)job->tokenizer.chat_template,
                                     .chat_template_len = job->tokenizer.chat_template_len};
    struct crux_model_parts parts = {.decoder = &job->work.decoder, .program = &job->program};
    enum crux_status status = crux_manifest_make(&job->manifest, &job->manifest_len, &manifest);
    if (status != CRUX_OK) return status;
    parts.tokenizer = (struct crux_model_span){manifest.tokenizer, manifest.tokenizer_len};
    parts.chat_template =
        (struct crux_model_span){manifest.chat_template, manifest.chat_template_len};
    parts.manifest = (struct crux_model_span){job->manifest, job->manifest_len};
    progress(job, "writing", 0, 1);
    status = crux_model_writer_finish(&job->writer, job->report->model_root, &parts, said);
    progress(job, "writing", 1, 1);
    if (status != CRUX_OK) return crux_import_fail(job->message, status, "%s", said);
    return CRUX_OK;
}

/* A small file may announce many positions, and the rope table grows with them. */
static enum crux_status check_context(const struct job *job) {
    const struct crux_fused_decoder *d = &job->source.decoder;
    uint64_t tables = d->rope_local_base != 0 ? 2 : 1;
    if (tables * d->context * (d->head_width / 2) * 12 <= ROPE_BYTES_MAX) return CRUX_OK;
    return crux_import_fail(job->message, CRUX_E_TOO_MANY_ELEMENTS,
                            "the rope table of %u positions takes more than 1 GiB; choose fewer "
                            "positions (--context)",
                            (unsigned)d->context);
}

static enum crux_status run(struct job *job, const char *source, const char *output) {
    char said[CRUX_MODEL_MESSAGE_BYTES] = "";
    enum crux_status status =
        crux_source_open(&job->source, source, job->options->context, job->message);
    if (status == CRUX_OK) status = check_context(job);
    if (status != CRUX_OK) return status;
    memcpy(job->report->arch, job->source.arch, sizeof job->report->arch);
    memcpy(job->report->name, job->source.name, sizeof job->report->name);
    job->report->context = job->source.decoder.context;
    crux_copy(job->report->source_hash, job->source.hash, 32);
    status = crux_tokenizer_section_make(&job->tokenizer, &job->source, job->message);
    if (status != CRUX_OK) return status;
    status = crux_import_work_init(&job->work, &job->source, job->options, job->message);
    if (status == CRUX_OK) status = lower(job, &job->draft);
    if (status != CRUX_OK) return status;
    status = crux_model_writer_begin(&job->writer, output, &job->draft, said);
    if (status != CRUX_OK) return crux_import_fail(job->message, status, "%s", said);
    if ((status = convert_all(job)) != CRUX_OK || (status = lower(job, &job->program)) != CRUX_OK ||
        (status = bind_all(job)) != CRUX_OK || (status = certify(job)) != CRUX_OK)
        return status;
    describe(job);
    return write_all(job);
}

enum crux_status crux_import(const char *source, const char *output,
                             const struct crux_import_options *options,
                             struct crux_import_report *report,
                             struct crux_import_message *message) {
    static const struct crux_import_options plain = {.weights = CRUX_WEIGHTS_INT8};
    struct crux_import_message unheard;
    struct stat there;
    struct job job = {.options = options != NULL ? options : &plain,
                      .report = report,
                      .message = message != NULL ? message : &unheard,
                      .writer = {.fd = -1}};
    double start = now_seconds();
    *report = (struct crux_import_report){0};
    job.message->text[0] = 0;
    enum crux_status status = run(&job, source, output);
    if (status != CRUX_OK && job.message->text[0] == 0)
        (void)crux_import_fail(job.message, status, "%s", crux_status_text(status));
    if (status == CRUX_OK && stat(output, &there) == 0)
        report->file_bytes = (uint64_t)there.st_size;
    crux_model_writer_end(&job.writer);
    crux_import_work_free(&job.work);
    crux_program_free(&job.draft);
    crux_program_free(&job.program);
    crux_source_close(&job.source);
    crux_tokenizer_section_free(&job.tokenizer);
    free(job.manifest);
    report->seconds = now_seconds() - start;
    return status;
}
