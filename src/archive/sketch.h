/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many different values there are, in 4 KiB: HyperLogLog with 4096 registers, standard error 1.6 % (Flajolet,
 * Fusy, Gandouet, Meunier 2007), with linear counting for small sets. Private to archive/.
 */
#ifndef APL_ARCHIVE_SKETCH_H
#define APL_ARCHIVE_SKETCH_H

#include <stdint.h>

enum { APL_SKETCH_REGISTERS = 4096 };

typedef struct apl_sketch {
    uint8_t ranks[APL_SKETCH_REGISTERS];
} apl_sketch;

/* hash must be well mixed. */
void apl_sketch_add(apl_sketch *sketch, uint64_t hash);
uint64_t apl_sketch_count(const apl_sketch *sketch);

#endif
