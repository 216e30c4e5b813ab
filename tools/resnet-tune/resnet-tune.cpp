// Measures the schedules of models' convolutions on this machine and writes what it found.

#include "codegen/BatchSizes.h"
#include "codegen/Targets.h"
#include "codegen/schedules/ScheduleDatabase.h"
#include "codegen/tuning/TuningRun.h"
#include "tools/resnet-tune/Models.h"
#include "tools/support/ToolSupport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Process.h"

using namespace resnet;
using namespace resnet::codegen;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kTool = "resnet-tune";

// A pass of libLLVM has an option of this name, registered before ours exist; it is none of our users'.
static bool removeThreadsOfLLVM() {
  if (cl::Option *option = cl::getRegisteredOptions().lookup("threads"))
    option->removeArgument();
  return true;
}
[[maybe_unused]] static const bool threadsOfLLVMAreRemoved = removeThreadsOfLLVM();

static cl::OptionCategory category("resnet-tune options");
static cl::list<std::string> models(cl::Positional, cl::desc("[MODEL.onnx|MODEL.mlir|MODEL.mlirbc ...]"), cl::cat(category));
static cl::list<std::string> architectures("arch", cl::desc("Built-in architectures"), cl::value_desc("name[,name...]"),
                                           cl::CommaSeparated, cl::cat(category));
static cl::opt<bool> family("family", cl::desc("ResNet-18, -34, -50, -101, -152, and CIFAR's -20, -56, -110"), cl::cat(category));
static cl::list<std::string> shapes("shape", cl::desc("Shape of an input, as input:?x3x224x224"), cl::value_desc("[name:]dims"),
                                    cl::cat(category));
static cl::opt<std::string> target("target", cl::init("host"), cl::value_desc("T"), cl::cat(category),
                                   cl::desc("host (default), x86-64, x86-64-v3 or x86-64-v4; this CPU must run it"));
static cl::list<int64_t> batches("batch", cl::desc("Images of a launch (default 1)"), cl::value_desc("N[,N...]"),
                                 cl::CommaSeparated, cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("File of schedules to add to (default: TARGET-CLASS.json)"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> filter("filter", cl::desc("Only kernels whose specification contains this"), cl::value_desc("text"),
                                   cl::cat(category));
static cl::opt<bool> resume("resume", cl::desc("Measure only what the file does not have"), cl::cat(category));
static cl::opt<bool> list("list", cl::desc("Print the specifications, measure nothing"), cl::cat(category));
static cl::opt<double> seconds("seconds", cl::init(0.2), cl::desc("Time for each candidate (default 0.2)"), cl::value_desc("S"),
                               cl::cat(category));
static cl::opt<int> threads("threads", cl::init(1), cl::desc("Threads of a launch (default 1)"), cl::value_desc("N"),
                            cl::cat(category));

// What is wrong with the command line; empty where nothing is.
static std::string checkUsage() {
  if (models.empty() && architectures.empty() && !family)
    return "expected models, --arch=NAME or --family, got none";
  if (!(seconds > 0) || seconds > 3600)
    return "--seconds: expected more than 0 and at most 3600, got " + std::to_string(seconds);
  if (threads < 1 || threads > 1024)
    return "--threads: expected 1 to 1024, got " + std::to_string(threads);
  for (int64_t batch : batches)
    if (batch < 1 || batch > kLargestBatchSize)
      return "--batch: expected 1 to " + std::to_string(kLargestBatchSize) + ", got " + std::to_string(batch);
  return {};
}

static llvm::Expected<codegen::Target> chooseTarget() {
  llvm::Expected<codegen::Target> chosen = parseTarget(target), host = hostTarget();
  if (!chosen || !host)
    return chosen ? host.takeError() : (llvm::consumeError(host.takeError()), chosen.takeError());
  if (isDevice(*chosen) || cpuLevel(*chosen) > cpuLevel(*host))
    return llvm::createStringError("--target: expected a target that this CPU runs, at most " + std::string(toString(*host)) +
                                   ", got " + toString(*chosen));
  return *chosen;
}

static llvm::Expected<std::vector<KernelSpec>> chooseSpecs(codegen::Target chosen) {
  ModelChoice choice{
      {models.begin(), models.end()}, {architectures.begin(), architectures.end()}, {shapes.begin(), shapes.end()}};
  if (family)
    llvm::append_range(choice.architectures, familyArchitectures());
  std::vector<int64_t> sizes = batches.empty() ? std::vector<int64_t>{1} : std::vector<int64_t>(batches.begin(), batches.end());
  llvm::sort(sizes);
  sizes.erase(llvm::unique(sizes), sizes.end());
  llvm::Expected<std::vector<KernelSpec>> specs = convolutionsOf(choice, chosen, sizes);
  if (specs && !filter.empty())
    llvm::erase_if(*specs, [](const KernelSpec &spec) { return !llvm::StringRef(toString(spec)).contains(filter); });
  return specs;
}

static llvm::Error run() {
  llvm::Expected<codegen::Target> chosen = chooseTarget();
  if (!chosen)
    return chosen.takeError();
  llvm::Expected<std::vector<KernelSpec>> specs = chooseSpecs(*chosen);
  if (!specs)
    return specs.takeError();
  if (list) {
    for (const KernelSpec &spec : *specs)
      if (llvm::Error error = printLine(scheduleKey(spec) + " batch=" + std::to_string(spec.batch)))
        return error;
    return llvm::Error::success();
  }
  if (specs->empty())
    return llvm::createStringError("expected convolutions to measure, got none" +
                                   (filter.empty() ? "" : " that contain '" + filter + "'"));
  TuningRunOptions options;
  options.tune = {seconds, threads};
  options.cpuClass = hostCpuClass();
  options.path = output.empty() ? scheduleFileName(*chosen, options.cpuClass) : output;
  options.resume = resume;
  options.display = llvm::sys::Process::StandardErrIsDisplayed() ? TuningDisplay::Terminal : TuningDisplay::Lines;
  llvm::Expected<TuningRunResult> result = tuneAll(*specs, options);
  if (!result)
    return result.takeError();
  return printLine("wrote " + options.path + " for " + toString(*chosen) + " on " + options.cpuClass + ": " +
                   llvm::Twine(result->measured) + " measured, " + llvm::Twine(result->skipped) + " were there");
}

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  std::string usage;
  llvm::raw_string_ostream usageErrors(usage);
  if (!cl::ParseCommandLineOptions(argc, argv, "Measures schedules of convolutions on this machine\n", &usageErrors))
    return reportUsage(kTool, usage);
  ignoreFileSizeSignal();
  if (std::string problem = checkUsage(); !problem.empty())
    return reportError(kTool, problem, kBadUsage);
  if (llvm::Error error = run()) {
    const std::string message = llvm::toString(std::move(error));
    return message.empty() ? kFailure : reportError(kTool, message);
  }
  return kSuccess;
}
