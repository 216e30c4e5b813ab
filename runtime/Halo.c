/* Zeros around activation maps, which padded convolutions read. The right halo of a row and the left one of the next are adjacent
 * in memory and written together. */

#include "runtime/Internal.h"

#include <string.h>

/* Below this a parallel loop costs more than it saves (about 1 us against 10 GB/s and more of stores). */
#define PARALLEL_BYTES (64u << 10)

typedef struct halo_loop {
  char *buffer;
  int64_t image_stride, blocks, height;
  size_t map_bytes, row_bytes, first, between, last; /* first: above and left of row 0; last: right of and below the last row */
} halo_loop;

static int zero_map(void *user_context, int index, uint8_t *closure) {
  (void)user_context;
  const halo_loop *loop = (const halo_loop *)closure;
  char *map = loop->buffer + index / loop->blocks * loop->image_stride + index % loop->blocks * (int64_t)loop->map_bytes;
  memset(map, 0, loop->first);
  char *end_of_row = map + loop->first + (loop->row_bytes - loop->between);
  if (loop->between)
    for (int64_t y = 0; y + 1 < loop->height; ++y)
      memset(end_of_row + y * (int64_t)loop->row_bytes, 0, loop->between);
  memset(map + loop->map_bytes - loop->last, 0, loop->last);
  return 0;
}

void resnet_runtime_zero_halo(void *run, void *buffer, int64_t batch, int64_t image_stride_bytes, int64_t blocks, int64_t block,
                              int64_t height, int64_t width, int64_t top, int64_t left, int64_t bottom, int64_t right) {
  if (((resnet_worker *)run)->context->device)
    return;
  size_t element = (size_t)block * sizeof(float);
  size_t padded_width = (size_t)(left + width + right);
  halo_loop loop = {.buffer = buffer,
                    .image_stride = image_stride_bytes,
                    .blocks = blocks,
                    .height = height,
                    .row_bytes = padded_width * element,
                    .map_bytes = (size_t)(top + height + bottom) * padded_width * element,
                    .first = ((size_t)top * padded_width + (size_t)left) * element,
                    .between = (size_t)(left + right) * element,
                    .last = ((size_t)bottom * padded_width + (size_t)right) * element};
  int64_t maps = batch * blocks;
  size_t halo_bytes = loop.map_bytes - (size_t)(height * width) * element;
  if ((uint64_t)maps * halo_bytes >= PARALLEL_BYTES && maps <= INT32_MAX) {
    halide_do_par_for(run, zero_map, 0, (int)maps, (uint8_t *)&loop);
    return;
  }
  for (int64_t image = 0; image < batch; ++image) {
    for (int64_t map = 0; map < blocks; ++map)
      zero_map(run, (int)map, (uint8_t *)&loop);
    loop.buffer += image_stride_bytes;
  }
}
