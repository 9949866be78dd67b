/* SPDX-License-Identifier: Apache-2.0 */
/* The bus inside one process: one delivering thread, a bounded queue per subscription. */
#ifndef APL_BUS_LOCAL_LOCAL_H
#define APL_BUS_LOCAL_LOCAL_H

#include "bus/bus.h"

typedef struct apl_bus_local_config {
    size_t queue_max;        /* messages per subscription; 0 gives 256 */
    size_t subscription_max; /* 0 gives 4096; more is APL_E_LIMIT */
} apl_bus_local_config;

/* config may be NULL. Close with apl_bus_close. */
apl_rc apl_bus_local_open(const apl_bus_local_config *config, apl_bus **out_bus,
                          apl_err *err) MUST_USE;

#endif
