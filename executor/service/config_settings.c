#include "executor/engine/engine.h"
#include "executor/service/config.h"

const struct crux_config_setting crux_config_settings[] = {
#define CRUX_SETTING(field, in_file, flag, of_kind, called, said, from, to)                        \
    {.name = in_file,                                                                              \
     .kind = CRUX_CONFIG_##of_kind,                                                                \
     .value = called,                                                                              \
     .help = said,                                                                                 \
     .least = from,                                                                                \
     .most = to,                                                                                   \
     .offset = offsetof(struct crux_service_config, field),                                        \
     .bytes = sizeof((struct crux_service_config *)0)->field},
#include "executor/service/config_settings.def"
#undef CRUX_SETTING
    {.name = NULL},
};
