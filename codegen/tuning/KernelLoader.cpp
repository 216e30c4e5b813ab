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
  if (!failure.empty())
    return;
  if (llvm::Error error = load(contents, symbol, imports, code->jit, code->function))
    failure = llvm::toString(std::move(error));
}

NativeKernel::~NativeKernel() = default;

int NativeKernel::run(void *user, const std::vector<KernelOperand> &operands, int batch) const {
  halide_buffer_t buffers[8] = {};
  halide_dimension_t dims[8][6] = {};
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
  halide_buffer_t *p[8];
  for (int i = 0; i < 8; ++i)
    p[i] = &buffers[i];
  using F2 = int (*)(void *, void *, void *);
  using F3 = int (*)(void *, void *, void *, void *);
  using F4 = int (*)(void *, void *, void *, void *, void *);
  using F5 = int (*)(void *, void *, void *, void *, void *, void *);
  using F6 = int (*)(void *, void *, void *, void *, void *, void *, void *);
  using F7 = int (*)(void *, void *, void *, void *, void *, void *, void *, void *);
  void *function = code->function;
  switch (arguments.size()) {
  case 2:
    return reinterpret_cast<F2>(function)(user, p[0], p[1]);
  case 3:
    return reinterpret_cast<F3>(function)(user, p[0], p[1], p[2]);
  case 4:
    return reinterpret_cast<F4>(function)(user, p[0], p[1], p[2], p[3]);
  case 5:
    return reinterpret_cast<F5>(function)(user, p[0], p[1], p[2], p[3], p[4]);
  case 6:
    return reinterpret_cast<F6>(function)(user, p[0], p[1], p[2], p[3], p[4], p[5]);
  case 7:
    return reinterpret_cast<F7>(function)(user, p[0], p[1], p[2], p[3], p[4], p[5], p[6]);
  }
  return -1;
}
