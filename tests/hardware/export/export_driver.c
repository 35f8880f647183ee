/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the C model of a stream makes: `driver SEED EPOCH BEATS` gives words, then exponents
   (with PEZO_THRESHOLDS alone), the z of each word, and the words to load. Binary. */

#include <stdio.h>
#include <stdlib.h>

#include "pezo_stream.h"

static pezo_stream stream;

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const uint64_t seed = strtoull(argv[1], NULL, 10);
    const uint32_t epoch = (uint32_t)strtoul(argv[2], NULL, 10);
    int32_t word[PEZO_LANES];
    pezo_reseed(&stream, seed, epoch);
    for (long beats = atol(argv[3]); beats > 0; beats--) {
        int32_t exponent = 0;
        float z[PEZO_LANES];
        pezo_beat(&stream, word);
#ifdef PEZO_MIN_EXPONENT
        exponent = pezo_exponent(word);
#endif
        for (int lane = 0; lane < PEZO_LANES; lane++) {
#ifdef PEZO_MIN_EXPONENT
            z[lane] = pezo_z(word[lane], exponent);
#else
            z[lane] = pezo_z(word[lane]);
#endif
        }
        fwrite(word, sizeof word, 1, stdout);
        fwrite(&exponent, sizeof exponent, 1, stdout);
        fwrite(z, sizeof z, 1, stdout);
    }
#ifdef PEZO_LOADS
    static uint32_t load[PEZO_LOADS][PEZO_LIMBS];
    pezo_load(seed, epoch, load);
    fwrite(load, sizeof load, 1, stdout);
#endif
    return 0;
}
