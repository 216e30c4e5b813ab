/* What the compiler puts into a library for the runtime to run: one constant `resnet_program`, defined by the compiled host
 * program, and the entry points of the runtime that compiled code calls. Internal: no user of a library sees this file.
 * Any change of layout here raises RESNET_PROGRAM_VERSION; compiler and runtime of one library are always built together. */

#ifndef RESNET_RUNTIME_PROGRAM_H
#define RESNET_RUNTIME_PROGRAM_H

#include <stdint.h>

#define RESNET_PROGRAM_VERSION 4

/* One input or output. Dynamic dimensions (only the first, the batch) are -1. All are dense, row-major f32. */
typedef struct resnet_program_tensor {
  const char *name;
  int32_t rank;
  int64_t shape[8];
} resnet_program_tensor;

/* One launch of a kernel, in order of execution; profiles are made of these. Kernel and algorithm are those for any number of
 * images. */
typedef struct resnet_program_step {
  const char *kernel;                 /* kernel's symbol, e.g. conv2d_3x3_64x64_56x56_1f0c... */
  const char *source;                 /* name of the source model's node(s), e.g. "/layer1/layer1.0/conv1/Conv" */
  const char *algorithm;              /* a convolution's, "direct" or e.g. "F(4,3)"; of other kernels "" */
  int64_t flops_per_image;            /* of the definition, multiply-adds counted twice */
  int64_t performed_flops_per_image;  /* of the algorithm's products */
  int64_t weights_bytes;              /* of packed filter and vectors */
  int64_t activation_bytes_per_image; /* read and written, each element once, without halos */
} resnet_program_step;

/* The passed pointers: one base address per input and output of the program (in its order), the arena, the weights.
 * `run` is an opaque pointer that every kernel gets as its user context. Returns 0, or the first kernel's non-zero result. */
typedef int32_t (*resnet_program_main)(void *run, const void *const *inputs, void *const *outputs, void *arena,
                                       const void *weights, int64_t batch);

/* CPU features that a variant needs: bits of the x86-64 psABI levels. */
enum { RESNET_CPU_X86_64 = 0, RESNET_CPU_X86_64_V3 = 1, RESNET_CPU_X86_64_V4 = 2 };

/* The same program compiled for one number of images. */
typedef struct resnet_program_batch {
  int64_t batch; /* the only one that `main` takes */
  resnet_program_main main;
  int64_t spare_images; /* of the arena, behind those of its batch */
} resnet_program_batch;

/* The interface to a kind of devices, which only libraries with code for it hold (Device.h). */
typedef struct resnet_device_api resnet_device_api;

/* The same program compiled for one instruction set, or to launch kernels on devices. CPUs come first, from the most to the least
 * demanding; which is taken is decided when the model is created. */
typedef struct resnet_program_variant {
  const char *target; /* "x86-64-v4", "opencl" */
  int32_t cpu_level;  /* RESNET_CPU_* */
  /* A worker's, for halide_malloc inside kernels: the largest sum, over the launches, of the sizes of the blocks that one worker
   * holds at once, each rounded up to a multiple of 128. More makes a run fail. */
  uint64_t scratch_bytes;
  resnet_program_main main; /* takes any number of images */
  /* Programs for one number of images each, the largest first; they compute the same bits as `main`. A number whose kernels would
   * all be those of `main` is not listed. */
  int32_t num_batches;
  const resnet_program_batch *batches;
  const resnet_program_step *steps; /* the program's num_steps */
  const resnet_device_api *device;  /* what runs the kernels, or NULL: the CPU */
} resnet_program_variant;

typedef struct resnet_program {
  uint32_t version;        /* RESNET_PROGRAM_VERSION */
  const char *name;        /* model's name */
  const char *description; /* JSON object: compiler, target, preprocessing, source, options; returned verbatim by introspection */
  int32_t num_inputs, num_outputs;
  const resnet_program_tensor *inputs, *outputs;
  int32_t num_steps;
  int32_t num_variants;
  const resnet_program_variant *variants;
  uint64_t arena_bytes_per_image; /* the arena of a call of a main is this times its images and spare ones, 64-byte aligned */
  const void *weights;            /* 64-byte aligned, read-only */
  uint64_t weights_bytes;
  const char *weights_hash; /* hexadecimal */
  int64_t fixed_batch;      /* the batch the program was compiled for, or -1: any */
  int64_t chunk_batch;      /* the most images that a run gives to one call of a main, at least 1 */
} resnet_program;

/* Defined by the compiled host program. */
extern const resnet_program resnet_compiled_program;

struct halide_buffer_t;

/* Called by the compiled host program. `run` is its first argument. ------------------------------------------------------- */

/* Step `index` begins (a profile's clock). Called once more with num_steps after the last. */
void resnet_runtime_step(void *run, int32_t index);

/* Moves a buffer that a device's kernel gets from the address that the program computed to the memory of the device: see
 * EntryPoints.h. Returns 0, or non-zero where the address is none of the run's (the run's message says so). */
int32_t resnet_runtime_device_buffer(void *run, struct halide_buffer_t *buffer);

/* Writes zeros to the halo of `batch` images of an activation buffer [blocks][top+H+bottom][left+W+right][block] of f32. Does
 * nothing on a device, whose kernels do not read halos. */
void resnet_runtime_zero_halo(void *run, void *buffer, int64_t batch, int64_t image_stride_bytes, int64_t blocks, int64_t block,
                              int64_t height, int64_t width, int64_t top, int64_t left, int64_t bottom, int64_t right);

/* The compiled host program also defines the library's one exported function, under the name that --entry chose:
 *   const resnet_api *NAME(uint32_t version) { return resnet_runtime_query(version); }                                        */
const struct resnet_api *resnet_runtime_query(uint32_t version);

#endif
