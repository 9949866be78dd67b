/* SPDX-License-Identifier: Apache-2.0 */
/* HyperLogLog; see sketch.h. Tests: tests/unit/archive/test_survey.c */
#include "archive/sketch.h"

#include <math.h>

void apl_sketch_add(apl_sketch *sketch, uint64_t hash)
{
    uint64_t rest = hash << 12;
    uint8_t rank = (uint8_t)(rest ? __builtin_clzll(rest) + 1 : 53);
    uint8_t *slot = &sketch->ranks[hash >> 52];
    if (rank > *slot)
        *slot = rank;
}

uint64_t apl_sketch_count(const apl_sketch *sketch)
{
    const double m = APL_SKETCH_REGISTERS;
    double sum = 0;
    unsigned empty = 0;
    for (unsigned i = 0; i < APL_SKETCH_REGISTERS; i++) {
        sum += ldexp(1, -sketch->ranks[i]);
        empty += sketch->ranks[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate <= 2.5 * m && empty)
        estimate = m * log(m / empty);
    return (uint64_t)(estimate + 0.5);
}
