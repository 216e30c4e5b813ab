// Shared by the kernel families: a specification's operands as Halide parameters, and the expressions that all epilogues and
// layout changes are made of. Dimensions of activations: c (channel in block), x, y, k (block of channels), n (image).

#ifndef RESNET_CODEGEN_HALIDE_KERNEL_H
#define RESNET_CODEGEN_HALIDE_KERNEL_H

#include "codegen/KernelSpec.h"
#include <Halide.h>
#include <optional>
#include <string>
#include <vector>

namespace resnet::codegen {

/// The operands of one kernel. Only those that codegen::arguments lists are defined.
struct Kernel {
  const KernelSpec &spec;
  std::string prefix; // of all names, see there
  std::vector<KernelArgument> args;
  Halide::ImageParam input, filter, bias, gate, addend, scale, shift;
  std::vector<Halide::ImageParam> moreInputs;
  /// Of a convolution on a device that computes vectors of lanes, where those of the addend do not lie together: the addend
  /// (c, x, y, k, n) as finish() defines it, for the schedule to compute lane by lane. Undefined otherwise.
  std::optional<Halide::Func> gatheredAddend;

  /// `prefix` must be new to this process: Halide appends a counter to names that it has seen, and names end up in objects.
  Kernel(const KernelSpec &spec, const std::string &prefix);

  std::string name(const char *what) const { return prefix + "_" + what; }
  /// Not Func(std::string): that appends a counter where the hash of a name meets another one's, so bytes would depend on what
  /// was compiled before.
  Halide::Func func(const char *what) const { return Halide::Func(Halide::Internal::Function(name(what))); }
  /// Inputs in the order of the arguments.
  std::vector<Halide::Argument> operands;
};

struct Vars {
  Halide::Var c{"c"}, x{"x"}, y{"y"}, k{"k"}, n{"n"};
  std::vector<Halide::Var> all() const { return {c, x, y, k, n}; }
};

// Channel `ch` of a map at (x, y) of image n, whatever the block.
Halide::Expr readChannel(const Halide::ImageParam &p, const ActivationGeometry &g, Halide::Expr ch, Halide::Expr x,
                         Halide::Expr y, Halide::Expr n);

/// Input channel vectors: lane and block of channel `ch`, which may lie in the padding lanes of a bigger block.
Halide::Expr readVector(const Halide::ImageParam &p, int64_t block, Halide::Expr ch);

// sum, + addend where there is one, then the activation: output element (c, x, y, k, n) of spec.output.
Halide::Expr finish(const Kernel &kernel, const Vars &v, Halide::Expr sum);

/// The activation of lane c of block k, one of `channels` channels: `value` itself from channel `activatedChannels` on (-1: in
/// none), zero in the padding lanes behind the last channel, whose values are zero.
Halide::Expr activate(const ActivationFunction &f, int64_t activatedChannels, int64_t block, int64_t channels, Halide::Expr c,
                      Halide::Expr k, Halide::Expr value);

/// Defines `out` over v: what the epilogue makes of `sum`, which is a pair of maps where the sum is kept.
void defineOutput(const Kernel &kernel, Halide::Func out, const Vars &v, Halide::Expr sum);

/// Reorders the loops of an output that defineOutput made, innermost first. Both elements of a pair are stored where their sum
/// is: in a loop behind the innermost `pairAt` ones.
void reorderOutput(const Kernel &kernel, Halide::Func out, std::vector<Halide::VarOrRVar> loops, int pairAt = 1);

/// Declares extents and strides of the output's buffer, except for a batch of any size, and the loops' bounds with them.
void bindOutput(const Kernel &kernel, Halide::Func out);

/// Parallel over (rows, blocks, images), innermost `lane` vectorised as the block allows: for kernels that memory bounds.
void scheduleStreaming(const Kernel &kernel, Halide::Func out, const Vars &v);

/// Whether a copy moves whole blocks of channels: lanes stay where they are, padding lanes among them.
bool copiesBlocks(const KernelSpec &spec);

// The families. Each returns its pipeline, scheduled.
Halide::Pipeline buildConv2d(const Kernel &kernel);
Halide::Pipeline buildWinograd(const Kernel &kernel); // Conv2d with a Winograd schedule
Halide::Pipeline buildStem(const Kernel &kernel);
Halide::Pipeline buildPool2d(const Kernel &kernel);
Halide::Pipeline buildGlobalPool(const Kernel &kernel);
Halide::Pipeline buildGroupNorm(const Kernel &kernel);
Halide::Pipeline buildLinear(const Kernel &kernel); // Head too
Halide::Pipeline buildSoftmax(const Kernel &kernel);
Halide::Pipeline buildElementwise(const Kernel &kernel);
Halide::Pipeline buildCopy(const Kernel &kernel);
Halide::Pipeline buildConcat(const Kernel &kernel);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_KERNEL_H
