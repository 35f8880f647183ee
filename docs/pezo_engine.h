/* SPDX-License-Identifier: Apache-2.0 */
/* Register map of the perturbation engine; see docs/engine.md. */
/* Made by: python docs/make_reference.py */
#ifndef PEZO_ENGINE_H
#define PEZO_ENGINE_H

#define PEZO_ID_VALUE 0x50455A4Fu
#define PEZO_VERSION_VALUE 0x00010001u
#define PEZO_SEGMENT_BYTES 8u
#define PEZO_MODE_RESTORE 0u
#define PEZO_MODE_PLUS 1u
#define PEZO_MODE_MINUS 2u
#define PEZO_MODE_UPDATE 3u

/* The letters "PEZO". */
#define PEZO_ID 0x00u

/* Version of the map: major in the upper half, minor below. */
#define PEZO_VERSION 0x04u

/* What the engine was built for. */
#define PEZO_SHAPE 0x08u
#define PEZO_SHAPE_LANES_SHIFT 0u
#define PEZO_SHAPE_LANES_MASK 0x1FFu
#define PEZO_SHAPE_WEIGHT_BITS_SHIFT 9u
#define PEZO_SHAPE_WEIGHT_BITS_MASK 0x3E00u
#define PEZO_SHAPE_SOURCES_SHIFT 14u
#define PEZO_SHAPE_SOURCES_MASK 0xFC000u
#define PEZO_SHAPE_SEGMENTS_SHIFT 20u
#define PEZO_SHAPE_SEGMENTS_MASK 0x1F00000u
#define PEZO_SHAPE_DRAWS_SHIFT 25u
#define PEZO_SHAPE_DRAWS_MASK 0x6000000u
#define PEZO_SHAPE_HAS_RESEED_SHIFT 27u
#define PEZO_SHAPE_HAS_RESEED_MASK 0x8000000u

/* State of the engine. */
#define PEZO_STATUS 0x0Cu
#define PEZO_STATUS_BUSY_SHIFT 0u
#define PEZO_STATUS_BUSY_MASK 0x1u
#define PEZO_STATUS_SKIPPING_SHIFT 1u
#define PEZO_STATUS_SKIPPING_MASK 0x2u
#define PEZO_STATUS_NUMBERS_SHIFT 2u
#define PEZO_STATUS_NUMBERS_MASK 0x4u
#define PEZO_STATUS_LOADING_SHIFT 3u
#define PEZO_STATUS_LOADING_MASK 0x8u
#define PEZO_STATUS_UNLOADED_SHIFT 4u
#define PEZO_STATUS_UNLOADED_MASK 0x10u

/* Begins a pass, which ends with the beat that has TLAST. */
#define PEZO_CONTROL 0x10u
#define PEZO_CONTROL_MODE_SHIFT 0u
#define PEZO_CONTROL_MODE_MASK 0x3u
#define PEZO_CONTROL_REPLAY_SHIFT 2u
#define PEZO_CONTROL_REPLAY_MASK 0x4u

/* The step M, 16 bits, two's complement. */
#define PEZO_STEP 0x14u

/* S: an update moves by round(M u / 2**S); 0 to 31. */
#define PEZO_STEP_SHIFT 0x18u

/* Beat of stream 0, since reset or reseed, that shows next. */
#define PEZO_PHASE 0x1Cu

/* Which streams SKIP, RESEED and SEED are for, a bit each; none is legal. */
#define PEZO_SELECT 0x20u

/* Discards so many beats of them; reads what is left. */
#define PEZO_SKIP 0x24u

/* 1: they wait for new seeds. 2: they return to those of reset. */
#define PEZO_RESEED 0x28u

/* Loads a word into them: these 32 bits, SEED_HIGH above. */
#define PEZO_SEED 0x2Cu

/* Pushes 32 bits of what SEED loads, the highest first. */
#define PEZO_SEED_HIGH 0x30u

/* s of a segment: p = round(v 2**s); signed, by segment. */
#define PEZO_SCALE 0x40u

/* First weight behind a segment, by segment; the last has none. */
#define PEZO_END 0x44u

#endif
