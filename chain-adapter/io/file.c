#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain-adapter/io/file.h"

/* One call, from its beginning to its end. */
struct writing {
    char *message;
    size_t message_bytes;
    const uint8_t *bytes;
    size_t len;
    struct crux_file_how how;
};

static enum crux_status say_errno(const struct writing *w, const char *verb, const char *path) {
    (void)snprintf(w->message, w->message_bytes, "cannot %s '%.300s': %s", verb, path,
                   strerror(errno));
    return CRUX_E_IO;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

/* A pipe or device: there is nothing to rename. */
static enum crux_status write_through(const struct writing *w, const char *path) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return say_errno(w, "open", path);
    bool written = write_all(fd, w->bytes, w->len);
    if (close(fd) != 0) written = false;
    return written ? CRUX_OK : say_errno(w, "write", path);
}

/* Permissions as asked, or of a file that is there already, or of a new one. */
static mode_t mode_for(const struct writing *w, const struct stat *there) {
    if (w->how.mode != 0) return (mode_t)w->how.mode;
    if (there != NULL) return there->st_mode & 0777;
    mode_t mask = umask(0);
    (void)umask(mask);
    return 0666 & ~mask;
}

static enum crux_status sync_folder(const struct writing *w, const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return say_errno(w, "open the folder of", path);
    }
    memcpy(folder, path, len);
    memcpy(folder + len, ".", 2);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return say_errno(w, "open the folder of", path);
    /* Some file systems cannot do this to a folder, and say EINVAL. */
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    enum crux_status status = synced ? CRUX_OK : say_errno(w, "write the folder of", path);
    (void)close(fd);
    return status;
}

/* In: path, of a plain file or of nothing; there, what is there now, or NULL. */
static enum crux_status replace(const struct writing *w, const char *path,
                                const struct stat *there) {
    static const char ending[] = ".crux-XXXXXX";
    enum crux_status status = CRUX_OK;
    size_t path_len = strlen(path);
    bool named = false;
    int fd = -1;
    char *name = malloc(path_len + sizeof ending);
    if (name == NULL) {
        (void)snprintf(w->message, w->message_bytes, "no memory to write '%.300s'", path);
        return CRUX_E_OUT_OF_MEMORY;
    }
    memcpy(name, path, path_len);
    memcpy(name + path_len, ending, sizeof ending);
    fd = mkstemp(name);
    named = fd >= 0;
    if (!named) {
        status = say_errno(w, "create a file beside", path);
        goto out;
    }
    if (!write_all(fd, w->bytes, w->len) || fchmod(fd, mode_for(w, there)) != 0 || fsync(fd) != 0) {
        status = say_errno(w, "write", path);
        goto out;
    }
    int closed = close(fd);
    fd = -1;
    /* a link, unlike a rename, is refused where the path is taken */
    if (closed != 0 || (w->how.only_new ? link(name, path) : rename(name, path)) != 0) {
        status = say_errno(w, w->how.only_new ? "make" : "write", path);
        goto out;
    }
    named = w->how.only_new;
    status = sync_folder(w, path);
out:
    if (fd >= 0) (void)close(fd);
    if (named) (void)unlink(name);
    free(name);
    return status;
}

enum crux_status crux_file_write(char *message, size_t message_bytes, const char *path,
                                 const uint8_t *bytes, size_t len,
                                 const struct crux_file_how *how) {
    struct writing w = {message, message_bytes, bytes, len, {0}};
    struct stat there;
    if (how != NULL) w.how = *how;
    if (w.how.only_new) return replace(&w, path, NULL);
    if (stat(path, &there) != 0) {
        if (errno != ENOENT) return say_errno(&w, "write", path);
        return replace(&w, path, NULL);
    }
    if (S_ISDIR(there.st_mode)) {
        errno = EISDIR;
        return say_errno(&w, "write", path);
    }
    if (!S_ISREG(there.st_mode)) return write_through(&w, path);
    char *target = realpath(path, NULL);
    if (target == NULL) return say_errno(&w, "write", path);
    enum crux_status status = replace(&w, target, &there);
    free(target);
    return status;
}
