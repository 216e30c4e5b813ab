/* A library as resnet-compile links it, but written by hand: the class of an 8x8 picture is its strongest channel. Exports
 * `fake_net` only. */

#include "runtime/EntryPoints.h"
#include "runtime/Program.h"
#include "runtime/include/resnet.h"

#include <string.h>

typedef struct closure {
  const float *input, *weights;
  float *output;
} closure;

static int image_logits(void *user_context, int image, uint8_t *argument) {
  (void)user_context;
  const closure *c = (const closure *)(void *)argument;
  for (int channel = 0; channel < 3; ++channel) {
    float sum = 0;
    for (int i = 0; i < 64; ++i)
      sum += c->input[(image * 3 + channel) * 64 + i];
    c->output[image * 3 + channel] = sum * c->weights[channel];
  }
  return 0;
}

static int32_t fake_main(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights,
                         int64_t batch) {
  closure c = {inputs[0], weights, outputs[0]};
  (void)arena;
  resnet_runtime_step(run, 0);
  int32_t result = halide_do_par_for(run, image_logits, 0, (int)batch, (uint8_t *)&c);
  resnet_runtime_step(run, 1);
  return result;
}

static const float weights[3] = {1, 1, 1};
static const resnet_program_tensor input = {"image", 4, {-1, 3, 8, 8}}, output = {"logits", 2, {-1, 3}};
static const resnet_program_step steps[] = {{"mean_8x8", "/mean/GlobalAveragePool", "", 192, 192, 12, 780}};
static const resnet_program_variant variants[] = {{"x86-64", RESNET_CPU_X86_64, 0, fake_main, 0, 0, steps, 0}};

__attribute__((visibility("hidden"))) const resnet_program resnet_compiled_program = {
    .version = RESNET_PROGRAM_VERSION,
    .name = "fake_net",
    .description = "{\"compiler\": \"by hand\", \"preprocess\": {\"name\": \"cifar10\", \"scale\": 0.00392156862745098, "
                   "\"mean\": [0.5, 0.5, 0.5], \"std\": [0.25, 0.25, 0.25], \"layout\": \"NCHW\"}}",
    .num_inputs = 1,
    .num_outputs = 1,
    .inputs = &input,
    .outputs = &output,
    .num_steps = 1,
    .num_variants = 1,
    .variants = variants,
    .weights = weights,
    .weights_bytes = sizeof weights,
    .weights_hash = "0123456789abcdef",
    .fixed_batch = -1,
    .chunk_batch = 8,
};

__attribute__((visibility("default"))) RESNET_DECLARE_QUERY(fake_net) { return resnet_runtime_query(version); }
