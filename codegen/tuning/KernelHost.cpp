// A program of one step whose input is not a tensor but the launch to make: the runtime hands its address to main.

#include "codegen/tuning/KernelHost.h"
#include "runtime/EntryPoints.h"
#include "runtime/Model.h"
#include <chrono>
#include <sys/resource.h>

using namespace resnet::codegen;

namespace {
struct Launch {
  const NativeKernel *kernel;
  const std::vector<KernelOperand> *operands;
  int batch;
  LaunchTime time;
};

int64_t involuntarySwitches() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}
} // namespace

// Only the kernel is timed, not what a run does around it.
static int32_t launchMain(void *run, const void *const *inputs, void *const *, void *, const void *, int64_t) {
  Launch &launch = *static_cast<Launch *>(const_cast<void *>(inputs[0]));
  const int64_t switches = involuntarySwitches();
  const auto start = std::chrono::steady_clock::now();
  const int status = launch.kernel->run(run, *launch.operands, launch.batch);
  launch.time.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  launch.time.disturbed = involuntarySwitches() != switches;
  return status;
}

static const resnet_program_tensor kInput = {"launch", 1, {1}}, kOutput = {"nothing", 1, {1}};
static const resnet_program_step kStep = {"kernel", "kernel", "", 0, 0, 0, 0};

static resnet_program_variant variant(uint64_t scratchBytes) {
  return {"x86-64", RESNET_CPU_X86_64, scratchBytes, launchMain,
          0,        nullptr,           &kStep,       nullptr}; // what kernels need beyond it is the caller's care
}

static resnet_program program(const resnet_program_variant *variants) {
  resnet_program result{};
  result.version = RESNET_PROGRAM_VERSION;
  result.name = "kernel";
  result.description = "{}";
  result.num_inputs = result.num_outputs = result.num_steps = result.num_variants = 1;
  result.inputs = &kInput;
  result.outputs = &kOutput;
  result.variants = variants;
  result.weights_hash = "";
  result.fixed_batch = result.chunk_batch = 1;
  return result;
}

// What a library's own program is to the runtime: here, one without scratch memory.
static const resnet_program_variant kVariant = variant(0);
extern "C" const resnet_program resnet_compiled_program = program(&kVariant);

struct KernelHost::Runtime {
  const resnet_api *api = resnet_runtime_query(RESNET_API_VERSION);
  resnet_program_variant variant;
  resnet_program program;
  resnet_model *model = nullptr;
  resnet_context *context = nullptr;
  float unused = 0;

  explicit Runtime(uint64_t scratchBytes) : variant(::variant(scratchBytes)), program(::program(&variant)) {}
  ~Runtime() {
    api->context_destroy(context);
    api->model_destroy(model);
  }
};

KernelHost::KernelHost(std::unique_ptr<Runtime> runtime) : runtime(std::move(runtime)) {}
KernelHost::~KernelHost() = default;

llvm::Expected<std::unique_ptr<KernelHost>> KernelHost::create(int threads, uint64_t scratchBytes) {
  auto runtime = std::make_unique<Runtime>(scratchBytes);
  const resnet_cpu cpu = resnet_cpu_detect();
  resnet_error error;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = threads;
  if (resnet_model_create_for(&runtime->program, &cpu, nullptr, &runtime->model, &error) != RESNET_OK ||
      runtime->api->context_create(runtime->model, &options, &runtime->context, &error) != RESNET_OK)
    return llvm::createStringError(error.message);
  return std::unique_ptr<KernelHost>(new KernelHost(std::move(runtime)));
}

KernelImports KernelHost::imports() {
  return {{"halide_do_par_for", reinterpret_cast<void *>(halide_do_par_for)},
          {"halide_malloc", reinterpret_cast<void *>(halide_malloc)},
          {"halide_free", reinterpret_cast<void *>(halide_free)}};
}

llvm::Expected<LaunchTime> KernelHost::run(const NativeKernel &kernel, const std::vector<KernelOperand> &operands, int batch) {
  Launch launch{&kernel, &operands, batch, {}};
  resnet_tensor input{};
  input.data = &launch;
  input.bytes = sizeof(float);
  input.dtype = RESNET_F32;
  input.rank = 1;
  input.shape[0] = 1;
  resnet_tensor output = input;
  output.data = &runtime->unused;
  if (runtime->api->context_run(runtime->context, &input, 1, &output, 1) != RESNET_OK)
    return llvm::createStringError(runtime->api->context_error(runtime->context));
  return launch.time;
}
