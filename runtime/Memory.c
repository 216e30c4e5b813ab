/* Memory that is large or must not be shared: arenas, scratch, and the mark that tells a forked child. Sizes are checked for
 * overflow here; running out of memory is a NULL that becomes a status. */

#define _GNU_SOURCE
#include "runtime/Internal.h"

#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (UINT64_C(2) << 20)

static bool round_up(uint64_t bytes, uint64_t multiple, uint64_t *rounded) {
  if (__builtin_add_overflow(bytes, multiple - 1, rounded))
    return false;
  *rounded &= ~(multiple - 1);
  return true;
}

bool resnet_arena_bytes(const resnet_program *program, int64_t images, uint64_t *bytes) {
  return !__builtin_mul_overflow(program->arena_bytes_per_image, (uint64_t)images, bytes) &&
         round_up(*bytes, RESNET_ARENA_ALIGNMENT, bytes) && *bytes <= INT64_MAX;
}

/* What resnet_map takes from the system for a size: whole pages, or whole huge pages where one fits. */
static bool mapped_size(uint64_t bytes, uint64_t *mapped) {
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  return round_up(bytes ? bytes : 1, bytes >= HUGE_PAGE ? HUGE_PAGE : page, mapped) && *mapped <= INT64_MAX - HUGE_PAGE;
}

void *resnet_map(uint64_t bytes) {
  uint64_t size;
  if (!mapped_size(bytes, &size))
    return NULL;
  /* Anonymous memory of this size starts at any page; huge pages want it at a multiple of theirs. */
  uint64_t extra = size >= HUGE_PAGE ? HUGE_PAGE : 0;
  char *memory = mmap(NULL, size + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  if (!extra)
    return memory;
  char *aligned = (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
  if (aligned != memory)
    munmap(memory, (size_t)(aligned - memory));
  if (aligned + size != memory + size + extra)
    munmap(aligned + size, (size_t)(memory + extra - aligned));
  madvise(aligned, size, MADV_HUGEPAGE); /* advice only */
  return aligned;
}

void resnet_unmap(void *memory, uint64_t bytes) {
  uint64_t size;
  if (memory && mapped_size(bytes, &size))
    munmap(memory, size);
}

/* A handler of pthread_atfork would outlive dlclose, and pids are reused; a page that the kernel wipes in the child is neither
 * and costs one load a run. Kernels before 4.14 refuse it: then pids are compared. */
void resnet_fork_mark_init(resnet_fork_mark *mark) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  mark->pid = getpid();
  mark->page = NULL;
#ifdef MADV_WIPEONFORK
  void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return;
  if (madvise(memory, page, MADV_WIPEONFORK) != 0) {
    munmap(memory, page);
    return;
  }
  mark->page = memory;
  *(volatile uint32_t *)mark->page = 1;
#else
  (void)page;
#endif
}

bool resnet_fork_mark_is_child(const resnet_fork_mark *mark) {
  return mark->page ? *(const volatile uint32_t *)mark->page != 1 : getpid() != mark->pid;
}

void resnet_fork_mark_free(resnet_fork_mark *mark) {
  if (mark->page)
    munmap(mark->page, (size_t)sysconf(_SC_PAGESIZE));
  mark->page = NULL;
}
