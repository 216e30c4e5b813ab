// Runs a compiled library: arrays, pictures, accuracy, latency, profile, description. Exit code 0; 1 for a reported error; 2 for
// bad usage.

#include "tools/resnet-run/Commands.h"

#include "llvm/Support/CommandLine.h"
#include <new>
#include <unistd.h>

using namespace llvm;

/// libLLVM registers the options of all its passes, "threads" among them, before ours exist. None of them is for our users.
static bool removeOptionsOfLLVM() {
  SmallVector<cl::Option *> options;
  for (auto &entry : cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "version")
      options.push_back(entry.second);
  for (cl::Option *option : options)
    option->removeArgument();
  return true;
}
[[maybe_unused]] static const bool optionsOfLLVMAreRemoved = removeOptionsOfLLVM();

static cl::OptionCategory category("resnet-run options");
static cl::opt<std::string> library(cl::Positional, cl::desc("<library.so>"), cl::cat(category));
static cl::list<std::string> inputs("input", cl::desc("Run on an f32 .npy file (repeat for more inputs, in the model's order)"),
                                    cl::value_desc("X.npy"), cl::cat(category));
static cl::list<std::string> outputs("output", cl::desc("Where --input writes the model's outputs, in order"),
                                     cl::value_desc("Y.npy"), cl::cat(category));
static cl::opt<std::string> image("image", cl::desc("Print the likeliest classes of a picture"), cl::value_desc("file"),
                                  cl::cat(category));
static cl::opt<int> top("top", cl::desc("Classes that --image prints (default 5)"), cl::init(5), cl::cat(category));
static cl::opt<std::string> labels("labels", cl::desc("Class names, one a line (--image); integers in .npy (--accuracy)"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<bool> accuracy("accuracy", cl::desc("Print right/total over --images and --labels"), cl::cat(category));
static cl::opt<std::string> images("images", cl::desc("u8 images [N, H, W, C] for --accuracy"), cl::value_desc("X.npy"),
                                   cl::cat(category));
static cl::opt<bool> benchmarkFlag("benchmark", cl::desc("Measure the latency on seeded input"), cl::cat(category));
static cl::opt<std::string> profileFlag("profile", cl::desc("Print the time of each step; with a file, write a Chrome trace too"),
                                        cl::value_desc("trace.json"), cl::ValueOptional, cl::cat(category));
static cl::opt<bool> describeFlag("describe", cl::desc("Print what the library holds"), cl::cat(category));
static cl::opt<bool> jsonFlag("json", cl::desc("Print --benchmark, --describe or --profile as one JSON object"),
                              cl::cat(category));
static cl::opt<int64_t> batch("batch", cl::desc("Images a run (default: the library's fixed batch, else 1; --accuracy: 50)"),
                              cl::init(0), cl::cat(category));
static cl::opt<int> threads("threads", cl::desc("Threads (default 0: the CPUs that this process may use)"), cl::init(0),
                            cl::cat(category));
static cl::opt<bool> pin("pin-threads", cl::desc("Pin each thread to a CPU"), cl::cat(category));
static cl::opt<int> iterations("iterations", cl::desc("Runs to measure (default: about 3 seconds; --profile: 20)"), cl::init(0),
                               cl::cat(category));
static cl::opt<unsigned> seed("seed", cl::desc("Seed of the input of --benchmark and --profile (default 1)"), cl::init(1),
                              cl::cat(category));
static cl::opt<std::string>
    device("device",
           cl::desc("What to run on: cpu, or a device's number, kind or part of its name (--describe lists "
                    "them; default: a GPU that the library has code for, else cpu)"),
           cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string> entry("entry", cl::desc("The library's query function (default: the one that it exports)"),
                                  cl::value_desc("name"), cl::cat(category));
static cl::opt<int> maxCpuLevel("max-cpu-level", cl::desc("Use at most this x86-64 level, 1 to 4 (default 0: what the CPU has)"),
                                cl::init(0), cl::cat(category));

static int usage(const Twine &message) {
  errs() << "resnet-run: " << message << " (see resnet-run --help)\n";
  return 2;
}

/// Contradictions and ranges; 0 where all is well.
static int checkUsage() {
  if (library.empty())
    return usage("expected a compiled library");
  int modes = !inputs.empty() + !image.empty() + accuracy + benchmarkFlag + (profileFlag.getNumOccurrences() > 0) + describeFlag;
  if (modes != 1)
    return usage("expected one of --input, --image, --accuracy, --benchmark, --profile, --describe, found " + Twine(modes));
  if (!outputs.empty() && inputs.empty())
    return usage("--output needs --input");
  if (accuracy && (images.empty() || labels.empty()))
    return usage("--accuracy needs --images and --labels");
  if (!accuracy && !images.empty())
    return usage("--images needs --accuracy");
  if (jsonFlag && !(benchmarkFlag || describeFlag || profileFlag.getNumOccurrences()))
    return usage("--json needs --benchmark, --describe or --profile");
  if (threads < 0 || threads > 1024)
    return usage("--threads: expected 0 to 1024, found " + Twine(threads));
  if (batch.getNumOccurrences() && (batch < 1 || batch > (1 << 20)))
    return usage("--batch: expected 1 to 1048576, found " + Twine(batch));
  if (iterations.getNumOccurrences() && iterations < 1)
    return usage("--iterations: expected at least 1, found " + Twine(iterations));
  if (top < 1)
    return usage("--top: expected at least 1, found " + Twine(top));
  if (maxCpuLevel < 0 || maxCpuLevel > 4)
    return usage("--max-cpu-level: expected 0 to 4, found " + Twine(maxCpuLevel));
  return 0;
}

static Error run() {
  Expected<std::unique_ptr<resnet::Library>> opened = resnet::Library::open({library, entry, maxCpuLevel, device});
  if (!opened)
    return opened.takeError();
  resnet::RunOptions options;
  options.inputs = inputs;
  options.outputs = outputs;
  options.image = image;
  options.images = images;
  options.labels = labels;
  options.trace = profileFlag;
  options.batch = batch;
  options.threads = threads;
  options.iterations = iterations;
  options.top = top;
  options.seed = seed;
  options.json = jsonFlag;
  options.pin = pin;
  if (!inputs.empty())
    return resnet::runArrays(**opened, options);
  if (!image.empty())
    return resnet::classify(**opened, options);
  if (accuracy)
    return resnet::measureAccuracy(**opened, options);
  if (benchmarkFlag)
    return resnet::benchmark(**opened, options);
  if (describeFlag)
    return resnet::describe(**opened, options);
  return resnet::profile(**opened, options);
}

int main(int argc, char **argv) {
  std::set_new_handler([] {
    static const char message[] = "resnet-run: out of memory\n";
    ssize_t ignored = ::write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    ::_exit(1);
  });
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](raw_ostream &out) { out << "resnet-run " RESNET_VERSION "\n"; });
  if (!cl::ParseCommandLineOptions(argc, argv, "Runs a library made by resnet-compile.\n", &errs()))
    return 2;
  if (int code = checkUsage())
    return code;
  if (Error error = run()) {
    errs() << "resnet-run: " << toString(std::move(error)) << '\n';
    return 1;
  }
  return 0;
}
