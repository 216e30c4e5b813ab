// What resnet-run can do with a library. Each command prints its result to standard output.

#ifndef RESNET_TOOLS_COMMANDS_H
#define RESNET_TOOLS_COMMANDS_H

#include "tools/resnet-run/Library.h"

#include "llvm/Support/raw_ostream.h"

namespace llvm::json {
class OStream;
}

namespace resnet {

struct RunOptions {
  std::vector<std::string> inputs, outputs;
  std::string image, images, labels, trace;
  int64_t batch = 0; // 0: the library's, else 1
  int threads = 0, iterations = 0, top = 5;
  unsigned seed = 1;
  bool json = false, pin = false;
};

/// --input, --output: runs .npy files.
llvm::Error runArrays(const Library &library, const RunOptions &options);
/// --image: prints the likeliest classes of a picture.
llvm::Error classify(const Library &library, const RunOptions &options);
/// --accuracy: prints right/total.
llvm::Error measureAccuracy(const Library &library, const RunOptions &options);
/// --benchmark: latency of repeated runs on seeded input.
llvm::Error benchmark(const Library &library, const RunOptions &options);
/// --profile: time of each step; optionally a Chrome trace.
llvm::Error profile(const Library &library, const RunOptions &options);
/// --describe.
llvm::Error describe(const Library &library, const RunOptions &options);

/// Writes a number with six significant digits or more, as a person would.
void writeNumber(llvm::json::OStream &json, llvm::StringRef key, double value);

/// Writes what a library tells of a step as attributes of the current object; an older library tells less.
void writeStepInfo(llvm::json::OStream &json, const resnet_step_info &step);

} // namespace resnet

#endif // RESNET_TOOLS_COMMANDS_H
