/* A folder for one test, with whatever it makes there. */
#ifndef CRUX_TESTS_SUPPORT_TEMPORARY_FOLDER_H
#define CRUX_TESTS_SUPPORT_TEMPORARY_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Out: path, of a new empty folder. */
void temporary_folder_make(char path[256]);
/* Removes the folder and the files in it. */
void temporary_folder_remove(const char *path);
/* Returns: entries in it. */
unsigned temporary_folder_count(const char *path);
void temporary_folder_write(const char *path, const uint8_t *bytes, size_t len);
/* Out: malloced.  Returns: NULL if there is no such file. */
uint8_t *temporary_folder_read(const char *path, size_t *len);

#endif
