/* One function per kind of element; the cursor stands behind the witness's version and kind, and each function takes
 * all parts of its kind. The caller refuses trailing bytes. */
#ifndef CRUX_BISECTION_ADJUDICATOR_LAWS_H
#define CRUX_BISECTION_ADJUDICATOR_LAWS_H

#include "bisection/adjudicator/adjudicator.h"

struct crux_law {
    const struct crux_claim *claim;
    const struct crux_element_id *element;
    const struct crux_observer *observer; /* may be NULL */
};

CRUX_MUST_CHECK
enum crux_status crux_law_value(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_padding(bool *holds, const struct crux_law *law,
                                  struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_null(bool *holds, const struct crux_law *law, struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_close(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_count(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_output(bool *holds, const struct crux_law *law,
                                 struct crux_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status crux_law_done(bool *holds, const struct crux_law *law, struct crux_cursor *cursor);

#endif
