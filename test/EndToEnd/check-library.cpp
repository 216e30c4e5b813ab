// Runs a model in the reference interpreter and its compiled library on the same seeded input, and compares every output.
//   resnet-check-library MODEL LIBRARY [TOLERANCE [BATCH [CPU-LEVEL|DEVICE]]]
// MODEL is what the library was compiled from. Prints the largest difference relative to an output's largest element; exit code 1
// where it is above TOLERANCE (1e-4). DEVICE is a kind or a name, as resnet-run's.

#include "dialect/Interpreter/Interpreter.h"
#include "tools/resnet-run/Library.h"
#include "tools/support/ToolSupport.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace resnet;

static int fail(const Twine &message) { return reportError("resnet-check-library", message); }

int main(int argc, char **argv) {
  double tolerance = 1e-4;
  int64_t batch = 2;
  LibraryOptions options;
  if (argc < 3 || argc > 6 || (argc > 3 && StringRef(argv[3]).getAsDouble(tolerance)) ||
      (argc > 4 && StringRef(argv[4]).getAsInteger(10, batch)))
    return reportError("resnet-check-library", "expected MODEL LIBRARY [TOLERANCE [BATCH [CPU-LEVEL|DEVICE]]]", kBadUsage);
  if (argc > 5 && StringRef(argv[5]).getAsInteger(10, options.maxCpuLevel))
    options.device = argv[5];

  mlir::MLIRContext context;
  LineDiagnostics diagnostics(&context, "resnet-check-library");
  mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(argv[1], ImportOptions(), &context);
  if (!module)
    return kFailure;
  mlir::FailureOr<mlir::FunctionOpInterface> model = findModel(*module);
  if (failed(model))
    return kFailure;
  mlir::FailureOr<SmallVector<Tensor>> inputs = randomInputs(*model, batch, /*seed=*/1);
  if (failed(inputs))
    return kFailure;
  mlir::FailureOr<SmallVector<Tensor>> expected = interpret(*model, *inputs);
  if (failed(expected))
    return kFailure;

  options.path = argv[2];
  Expected<std::unique_ptr<Library>> library = Library::open(options);
  if (!library)
    return fail(toString(library.takeError()));
  Expected<std::unique_ptr<Session>> session = Session::create(**library, /*threads=*/2);
  if (!session)
    return fail(toString(session.takeError()));
  (*session)->resize((*inputs)[0].shape[0]);
  if ((*session)->inputs.size() != inputs->size() || (*session)->outputs.size() != expected->size())
    return fail("the library has other inputs and outputs than the model");
  for (size_t i = 0; i < inputs->size(); ++i) {
    if ((*inputs)[i].elements.size() != (*session)->inputs[i].size())
      return fail("the library's input " + Twine(i) + " has another size than the model's");
    copy((*inputs)[i].elements, (*session)->inputs[i].begin());
  }
  if (Error error = (*session)->run())
    return fail(toString(std::move(error)));

  double largest = 0;
  for (size_t i = 0; i < expected->size(); ++i) {
    const Tensor &reference = (*expected)[i];
    if (reference.elements.size() != (*session)->outputs[i].size())
      return fail("the library's output " + Twine(i) + " has another size than the model's");
    largest = std::max(largest, relativeDifference(reference, TensorView(reference.shape, (*session)->outputs[i])));
  }
  outs() << format("%.3g of the largest element\n", largest);
  if (!(largest <= tolerance))
    return fail("expected a difference of at most " + Twine(argc > 3 ? argv[3] : "1e-4"));
  return kSuccess;
}
