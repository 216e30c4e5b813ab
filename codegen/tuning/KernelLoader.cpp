// LLVM's in-memory linker loads the object. The imports are passed to it by address: an executable that exported them would
// export LLVM's inline templates too, which the older LLVM inside Halide would bind to.

#include "codegen/tuning/KernelLoader.h"
#include "codegen/halide/KernelCompiler.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include <HalideRuntime.h>
#include <chrono>
#include <dlfcn.h>

using namespace resnet;
using namespace resnet::codegen;
namespace orc = llvm::orc;

namespace {
// What a kernel calls of the C library. LLVM's own class for this would instantiate templates over LLVM's types here, which the
// executable would export.
class ProcessSymbols : public orc::DefinitionGenerator {
public:
  llvm::Error tryToGenerate(orc::LookupState &, orc::LookupKind, orc::JITDylib &library, orc::JITDylibLookupFlags,
                            const orc::SymbolLookupSet &names) override {
    orc::SymbolMap found;
    for (const auto &entry : names)
      if (void *address = dlsym(RTLD_DEFAULT, (*entry.first).str().c_str()))
        found[entry.first] = {orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported};
    return found.empty() ? llvm::Error::success() : library.define(orc::absoluteSymbols(std::move(found)));
  }
};
} // namespace

struct NativeKernel::Code {
  std::unique_ptr<orc::LLJIT> jit;
  void *function = nullptr;
};

static llvm::Error load(const std::string &object, const std::string &symbol, const KernelImports &imports,
                        std::unique_ptr<orc::LLJIT> &jit, void *&function) {
  static const bool initialised = !llvm::InitializeNativeTarget();
  if (!initialised)
    return llvm::createStringError("LLVM cannot load code on this machine");
  // No platform: kernels have no initialisers, and need no support library for them.
  auto created = orc::LLJITBuilder().setPlatformSetUp(orc::setUpInactivePlatform).create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  orc::JITDylib &library = jit->getMainJITDylib();
  orc::SymbolMap symbols;
  for (const auto &[name, address] : imports)
    symbols[jit->mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address),
                                           llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  if (llvm::Error error = library.define(orc::absoluteSymbols(std::move(symbols))))
    return error;
  library.addGenerator(std::make_unique<ProcessSymbols>());
  if (llvm::Error error = jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, symbol)))
    return error;
  auto address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  function = address->toPtr<void *>();
  return llvm::Error::success();
}

// Of kernels that are called from here: a convolution with bias, scale, shift and addend.
static constexpr size_t kMostArguments = 7;

NativeKernel::NativeKernel(const KernelSpec &spec, const KernelImports &imports)
    : canonical(spec), code(std::make_unique<Code>()) {
  canonicalize(canonical);
  arguments = codegen::arguments(canonical);
  const std::string symbol = symbolName(canonical);
  const auto start = std::chrono::steady_clock::now();
  CompiledKernel compiled = compileKernel(canonical, symbol);
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  failure = compiled.error;
  scratch = compiled.scratchBytes;
  contents = std::move(compiled.contents);
  if (failure.empty() && arguments.size() > kMostArguments)
    failure = "has more than " + std::to_string(kMostArguments) + " operands";
  if (!failure.empty())
    return;
  if (llvm::Error error = load(contents, symbol, imports, code->jit, code->function))
    failure = llvm::toString(std::move(error));
}

NativeKernel::~NativeKernel() = default;

template <size_t... I> static int call(void *function, void *user, halide_buffer_t *buffers, std::index_sequence<I...>) {
  using Pointers = int (*)(void *, decltype((void)I, static_cast<void *>(nullptr))...);
  return reinterpret_cast<Pointers>(function)(user, &buffers[I]...);
}

int NativeKernel::run(void *user, const std::vector<KernelOperand> &operands, int batch) const {
  halide_buffer_t buffers[kMostArguments] = {};
  halide_dimension_t dims[kMostArguments][6] = {};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const KernelArgument &a = arguments[i];
    halide_buffer_t &b = buffers[i];
    b.host = reinterpret_cast<uint8_t *>(operands[i].buffer) + a.hostOffset;
    b.type = halide_type_t(halide_type_float, 32);
    b.dimensions = static_cast<int>(a.dims.size());
    b.dim = dims[i];
    for (int d = 0; d < b.dimensions; ++d) {
      dims[i][d] = halide_dimension_t(a.dims[d].min, a.dims[d].extent, a.dims[d].stride);
      if (d != a.batchDim)
        continue;
      dims[i][d].extent = batch;
      if (operands[i].imageStride)
        dims[i][d].stride = static_cast<int32_t>(operands[i].imageStride);
    }
  }
  return run(user, buffers);
}

int NativeKernel::run(void *user, halide_buffer_t *buffers) const {
  switch (arguments.size()) {
  case 2:
    return call(code->function, user, buffers, std::make_index_sequence<2>());
  case 3:
    return call(code->function, user, buffers, std::make_index_sequence<3>());
  case 4:
    return call(code->function, user, buffers, std::make_index_sequence<4>());
  case 5:
    return call(code->function, user, buffers, std::make_index_sequence<5>());
  case 6:
    return call(code->function, user, buffers, std::make_index_sequence<6>());
  case 7:
    return call(code->function, user, buffers, std::make_index_sequence<7>());
  }
  return -1;
}
