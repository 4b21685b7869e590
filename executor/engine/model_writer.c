/* A .crux file, written beside its place and renamed when it is whole and on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/engine/model_layout.h"

static enum crux_status io_failed(char *message, const char *verb, const char *path) {
    return crux_model_fail(message, CRUX_E_IO, "cannot %s '%.300s': %s", verb, path,
                           strerror(errno));
}

static enum crux_status name_temporary(struct crux_model_writer *writer, const char *path) {
    static const char ending[] = ".crux-XXXXXX";
    size_t len = strlen(path);
    writer->path = malloc(len + 1);
    writer->temporary = malloc(len + sizeof ending);
    if (writer->path == NULL || writer->temporary == NULL) {
        free(writer->temporary); /* it names no file */
        writer->temporary = NULL;
        return CRUX_E_OUT_OF_MEMORY;
    }
    memcpy(writer->path, path, len + 1);
    memcpy(writer->temporary, path, len);
    memcpy(writer->temporary + len, ending, sizeof ending);
    return CRUX_OK;
}

enum crux_status crux_model_writer_begin(struct crux_model_writer *writer, const char *path,
                                         const struct crux_program *program,
                                         char message[CRUX_MODEL_MESSAGE_BYTES]) {
    uint64_t bytes = 0;
    *writer = (struct crux_model_writer){.fd = -1, .tensor_count = program->tensor_count};
    writer->offset = calloc(program->tensor_count + 1U, sizeof *writer->offset);
    if (writer->offset == NULL) return crux_model_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory");
    enum crux_status status = crux_model_tensor_offsets(writer->offset, &bytes, program);
    if (status != CRUX_OK)
        return crux_model_fail(message, status, "the model's tensors have no layout");
    status = name_temporary(writer, path);
    if (status != CRUX_OK) return crux_model_fail(message, status, "no memory");
    writer->fd = mkstemp(writer->temporary);
    if (writer->fd < 0) {
        status = io_failed(message, "create a file beside", path);
        free(writer->temporary);
        writer->temporary = NULL;
        return status;
    }
    /* blocks are taken now: a full disk shows here, and not as a signal while the map is written */
    writer->map_len = CRUX_MODEL_HEADER_BYTES + (size_t)bytes;
    errno = posix_fallocate(writer->fd, 0, (off_t)writer->map_len);
    if (errno != 0) return io_failed(message, "make room for", path);
    void *map = mmap(NULL, writer->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, 0);
    if (map == MAP_FAILED) return io_failed(message, "map", path);
    writer->map = map;
    return CRUX_OK;
}

uint8_t *crux_model_writer_tensor(const struct crux_model_writer *writer, uint32_t tensor) {
    CRUX_ASSERT(tensor < writer->tensor_count && writer->map != NULL);
    return writer->map + CRUX_MODEL_HEADER_BYTES + writer->offset[tensor];
}

static bool write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at) {
    while (len > 0) {
        ssize_t done = pwrite(fd, bytes, len, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        bytes += done;
        len -= (size_t)done;
        at += (uint64_t)done;
    }
    return true;
}

static bool sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *folder = malloc(len + 2);
    if (folder == NULL) return false;
    memcpy(folder, path, len);
    memcpy(folder + len, ".", 2);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) return false;
    /* some file systems cannot do this to a folder, and say EINVAL */
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    (void)close(fd);
    return synced;
}

static enum crux_status write_sections(struct crux_model_writer *writer,
                                       struct crux_model_header *header,
                                       const struct crux_model_span span[CRUX_MODEL_SECTIONS],
                                       char *message) {
    static const uint8_t zeros[CRUX_MODEL_ALIGNMENT];
    uint64_t at = CRUX_MODEL_HEADER_BYTES;
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        uint64_t end = at + span[i].len, next = crux_model_align(end);
        header->section[i].offset = at;
        header->section[i].len = span[i].len;
        if (i != CRUX_MODEL_TENSORS) {
            if (span[i].len > CRUX_MODEL_SECTION_BYTES_MAX)
                return crux_model_fail(message, CRUX_E_TOO_MANY_ELEMENTS,
                                       "a section of the model is too long");
            crux_sha256(header->section[i].hash, span[i].bytes, span[i].len);
            if (!write_at(writer->fd, span[i].bytes, span[i].len, at) ||
                !write_at(writer->fd, zeros, (size_t)(next - end), end))
                return io_failed(message, "write", writer->path);
        }
        at = next;
    }
    header->file_bytes = at;
    return CRUX_OK;
}

static enum crux_status put_in_place(struct crux_model_writer *writer, char *message) {
    mode_t mask = umask(0);
    (void)umask(mask);
    if (msync(writer->map, writer->map_len, MS_SYNC) != 0 ||
        fchmod(writer->fd, 0666 & ~mask) != 0 || fsync(writer->fd) != 0)
        return io_failed(message, "write", writer->path);
    if (rename(writer->temporary, writer->path) != 0)
        return io_failed(message, "write", writer->path);
    free(writer->temporary);
    writer->temporary = NULL;
    return sync_folder(writer->path) ? CRUX_OK
                                     : io_failed(message, "write the folder of", writer->path);
}

enum crux_status crux_model_writer_finish(struct crux_model_writer *writer, uint8_t root[32],
                                          const struct crux_model_parts *parts,
                                          char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct crux_model_header header = {0};
    uint8_t *config = NULL, *program = NULL, manifest_hash[32];
    size_t config_len = 0, program_len = 0;
    enum crux_status status = crux_model_config_encode(&config, &config_len, parts->decoder);
    if (status == CRUX_OK) status = crux_program_encode(&program, &program_len, parts->program);
    if (status == CRUX_OK)
        status = crux_model_file_root(header.root, manifest_hash, parts->program, parts->manifest);
    if (status != CRUX_OK) {
        (void)crux_model_fail(message, status, "the model cannot be committed: %s",
                              crux_status_text(status));
        goto out;
    }
    const struct crux_model_span span[CRUX_MODEL_SECTIONS] = {
        {NULL, writer->map_len - CRUX_MODEL_HEADER_BYTES},
        {config, config_len},
        {program, program_len},
        parts->tokenizer,
        parts->chat_template,
        parts->manifest};
    status = write_sections(writer, &header, span, message);
    if (status != CRUX_OK) goto out;
    crux_model_header_encode(writer->map, &header);
    status = put_in_place(writer, message);
    if (status == CRUX_OK) crux_copy(root, header.root, 32);
out:
    free(config);
    free(program);
    return status;
}

void crux_model_writer_end(struct crux_model_writer *writer) {
    if (writer->map != NULL) (void)munmap(writer->map, writer->map_len);
    if (writer->fd >= 0) (void)close(writer->fd);
    if (writer->temporary != NULL) (void)unlink(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    free(writer->offset);
    *writer = (struct crux_model_writer){.fd = -1};
}
