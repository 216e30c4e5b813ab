/* Memory for temporaries inside kernels: each worker's planned scratch as a stack. Halide frees early and not always in reverse,
 * so a freed block below the top waits until the blocks above it are freed.
 *
 * What does not fit is a compiler's error, which a kernel compiled without assertions cannot report itself: it would write
 * through NULL. It gets memory from the system instead, the demand is noted, and the run ends with RESNET_ERROR. */

#include "runtime/Internal.h"

#include <stddef.h>

static void *overflow(resnet_worker *worker, uint64_t demand, uint64_t bytes) {
  if (demand > worker->scratch_demand)
    worker->scratch_demand = demand;
  uint64_t mapped;
  if (__builtin_add_overflow(bytes, RESNET_SCRATCH_ALIGNMENT, &mapped))
    return NULL;
  resnet_overflow_block *block = resnet_map(mapped);
  if (!block)
    return NULL;
  block->mapped_bytes = mapped;
  block->next = worker->overflow;
  worker->overflow = block;
  return (char *)block + RESNET_SCRATCH_ALIGNMENT;
}

void *halide_malloc(void *user_context, size_t bytes) {
  resnet_worker *worker = user_context;
  uint64_t rounded, top;
  if (__builtin_add_overflow((uint64_t)(bytes ? bytes : 1), RESNET_SCRATCH_ALIGNMENT - 1, &rounded))
    rounded = UINT64_MAX;
  rounded &= ~(uint64_t)(RESNET_SCRATCH_ALIGNMENT - 1);
  if (__builtin_add_overflow(worker->scratch_top, rounded, &top))
    top = UINT64_MAX;
  if (top > worker->context->scratch_bytes || worker->num_blocks == RESNET_MAX_SCRATCH_BLOCKS)
    return overflow(worker, top, bytes);
  worker->blocks[worker->num_blocks++] = (resnet_scratch_block){.offset = worker->scratch_top, .freed = false};
  void *memory = worker->scratch + worker->scratch_top;
  worker->scratch_top = top;
  return memory;
}

void halide_free(void *user_context, void *pointer) {
  resnet_worker *worker = user_context;
  if (!pointer)
    return;
  uintptr_t offset = (uintptr_t)pointer - (uintptr_t)worker->scratch;
  if (!worker->scratch || offset >= worker->context->scratch_bytes)
    return; /* an overflow block: freed when the run ends */
  for (int32_t i = worker->num_blocks; i-- > 0;)
    if (worker->blocks[i].offset == offset && !worker->blocks[i].freed) {
      worker->blocks[i].freed = true;
      break;
    }
  while (worker->num_blocks > 0 && worker->blocks[worker->num_blocks - 1].freed)
    worker->scratch_top = worker->blocks[--worker->num_blocks].offset;
}

void resnet_scratch_reset(resnet_worker *worker) {
  while (worker->overflow) {
    resnet_overflow_block *block = worker->overflow;
    worker->overflow = block->next;
    resnet_unmap(block, block->mapped_bytes);
  }
  worker->scratch_demand = 0;
  worker->scratch_top = 0;
  worker->num_blocks = 0;
}
