// Canonical specification of one kernel: everything that decides its code, and nothing else. Equal specifications share one
// object file, one symbol and one cache entry. Plain C++: no MLIR, no Halide.

#ifndef RESNET_CODEGEN_KERNELSPEC_H
#define RESNET_CODEGEN_KERNELSPEC_H

#include "codegen/schedules/ConvSchedule.h"
#include "dialect/IR/Geometry.h"
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace resnet::codegen {

/// Instruction-set levels of the x86-64 psABI, and interfaces to devices: a device's kernels are launched by x86-64 code. Never
/// "host": the driver resolves the host to one of these first.
enum class Target { X86_64, X86_64_v3, X86_64_v4, OpenCL, Cuda };

inline constexpr Target kTargets[] = {Target::X86_64, Target::X86_64_v3, Target::X86_64_v4, Target::OpenCL, Target::Cuda};

/// Whether kernels run in a device's memory.
inline bool isDevice(Target target) { return target == Target::OpenCL || target == Target::Cuda; }

enum class KernelKind {
  Conv2d,        // input, filter[, bias][, scale, shift][, addend] -> output; any groups, depthwise included
  Stem,          // input, filter[, bias] -> output: max pool of a dense convolution's activation in one kernel
  MaxPool2d,     // input -> output; padding never wins
  AvgPool2d,     // input -> output; divisor by countIncludePad and ceil mode as ONNX defines them
  GlobalAvgPool, // input -> output [N, C, 1, 1] or [N, C]
  GlobalMaxPool, // as GlobalAvgPool
  GroupNorm, // input, scale, shift -> output: (input - mean) / sqrt(variance + epsilon) * scale[c] + shift[c] by group and image
  Linear,    // input [N, F], filter (1x1), bias -> output [N, O]
  Head,      // input [N, C, H, W], filter (1x1), bias -> output [N, O]: global_avg_pool, linear[, softmax] in one kernel
  Softmax,   // input [N, F] -> output [N, F]
  Elementwise, // input[, scale, shift][, gate][, addend] -> output:
               // activation((input * scale[c] + shift[c]) * gate + addend)
  Copy,   // input -> output: out(c, y, x) = in(c*1 + offC, y*strideY + offY, x*strideX + offX), outside the input what `border`
          // says. Layout conversion, transposed input, pad, crop, option A's subsampling and expansion (strides 0) are all this.
  Concat, // input, moreInputs -> output: their channels behind each other
};

inline bool convolves(KernelKind k) { return k == KernelKind::Conv2d || k == KernelKind::Stem; }
inline bool usesFilter(KernelKind k) { return convolves(k) || k == KernelKind::Linear || k == KernelKind::Head; }
inline bool isWindowed(KernelKind k) { return convolves(k) || k == KernelKind::MaxPool2d || k == KernelKind::AvgPool2d; }

/// A function of one element, with up to four parameters.
enum class Activation {
  None,
  Relu,
  Clip, // at least [0], at most [1]
  Sigmoid,
  Silu,        // x * sigmoid(x)
  HardSigmoid, // [0] * x + [1], at least 0, at most 1
  HardSwish,   // x * hard sigmoid of slope 1/6 and offset 1/2
  FakeQuantize // (clamp(round(x / [0]) + [1], [2], [3]) - [1]) * [0]; ties round to even
};

/// How many parameters it has.
size_t parameterCount(Activation activation);

struct ActivationFunction {
  Activation kind;
  std::array<float, 4> parameters; // 0 behind parameterCount(kind)

  ActivationFunction(Activation kind = Activation::None, std::array<float, 4> parameters = {})
      : kind(kind), parameters(parameters) {}
  bool operator==(const ActivationFunction &) const = default;
};

/// Where a copy takes elements outside of its input from: one value, the nearest element, or the map mirrored at its edge.
enum class Border { Fill, Edge, Reflect };

/// What happens to a sum before it is stored: + bias[c], + addend(c, y, x), then the activation.
struct Epilogue {
  bool bias = false;
  bool addend = false;
  /// Conv2d: it adds addend(c - addendChannels, y * addendStrides[0], x * addendStrides[1]), zero for channels outside the
  /// addend.
  std::array<int64_t, 2> addendStrides{1, 1};
  int64_t addendChannels = 0;
  /// The addend's buffer is the output's: a schedule must then store every element once (no overlapping tiles).
  bool addendInPlace = false;
  ActivationFunction activation;
  /// The activation covers output channels [0, activatedChannels); -1 means all.
  int64_t activatedChannels = -1;
  /// Conv2d: what is stored is postActivation(sum * scale[c] + shift[c]), with scale and shift operands.
  bool post = false;
  ActivationFunction postActivation;
  /// With post: the output's buffer is two maps in each image, what post makes of the sum and the sum.
  bool keepsSum = false;
  /// The addend's buffer is such a pair; its sum is added.
  bool addendKept = false;
  bool operator==(const Epilogue &) const = default;
};

struct KernelSpec {
  KernelKind kind = KernelKind::Conv2d;
  Target target = Target::X86_64;
  /// Keeps Halide's assertions and bounds checks; for tests and bug hunts.
  bool debug = false;

  ActivationGeometry input, output, addend;
  ActivationGeometry gate;                    // Elementwise; no channels: there is none. Its map is the output's or 1x1
  std::vector<ActivationGeometry> moreInputs; // Concat
  FilterGeometry filter;                      // Conv2d, Stem, Linear, Head
  std::array<int64_t, 2> kernel{1, 1};        // height, width (pools; equals the filter's for Conv2d and Stem)
  std::array<int64_t, 2> strides{1, 1};       // y, x
  std::array<int64_t, 2> dilations{1, 1};     // y, x
  Halo padding;                           // of the operation; a Conv2d's input has at least this halo, unless it is zero there
  bool countIncludePad = false;           // AvgPool2d
  std::array<int64_t, 2> convolved{0, 0}; // Stem: rows and columns of the map between the convolution and the pool
  std::array<int64_t, 2> poolKernel{1, 1}, poolStrides{1, 1}; // Stem; the fields above are its convolution's
  Halo poolPadding;                                           // Stem
  bool softmax = false;                                       // Head
  bool logarithm = false;                                     // Softmax, and Head with softmax: of the result
  bool scaleShift = false;                                    // Elementwise: has per-channel scale and shift operands
  int64_t normGroups = 0;                                     // GroupNorm
  float epsilon = 0.f;                                        // GroupNorm
  std::array<int64_t, 3> copyOffset{0, 0, 0};                 // Copy: c, y, x of the input element that output (0, 0, 0) reads
  Border border = Border::Fill;                               // Copy
  float fill = 0.f;                                           // Copy with Border::Fill
  Epilogue epilogue;

  /// Images of every launch; 0: any number. Fixed where a schedule makes use of it.
  int64_t batch = 0;
  /// Conv2d and Stem: how it is computed. A Stem's rowsPerTask are rows of its output.
  ConvSchedule schedule;

  bool operator==(const KernelSpec &) const = default;
  bool hasGate() const { return gate.channels != 0; }
};

/// Brings a specification to its canonical form, so that equal work compares equal: a 1x1, stride-1 convolution, an
/// elementwise kernel, a concatenation or a copy without offsets over halo-free maps becomes one over a single row of H*W
/// columns, an elementwise kernel over vectors one over a single block; fields that the kind does not use take their defaults.
void canonicalize(KernelSpec &spec);

/// Readable text of the canonical form, in a fixed order of fields; equal exactly when the specifications are.
std::string toString(const KernelSpec &spec);

/// The same work up to the sum, without what is made of it then. That is no matter for a schedule.
KernelSpec withoutPost(KernelSpec spec);

/// The text without target, debug, batch, schedule and post: what measured schedules are found by.
std::string scheduleKey(const KernelSpec &spec);

/// Kind, kernel size, channels and the first 64 bits of a hash of toString, e.g. "conv2d_3x3_64x64_56x56_1f0c...": a C
/// identifier.
std::string symbolName(const KernelSpec &spec);

const char *toString(Target target);

/// One `halide_buffer_t` that the kernel takes, in order, after the user context. Outputs come last.
struct KernelArgument {
  enum class Role { Input, Filter, Bias, Gate, Addend, Scale, Shift, Output } role;
  struct Dim {
    int32_t min, extent, stride; // in elements
  };
  /// Innermost first. Activations: channel in block, x, y, block[, post or sum], image. Rank-2 tensors: feature, image. Filters:
  /// lane, input channel in window, kx, ky, output block. Depthwise filters: lane, kx, ky, output block. Per-channel vectors:
  /// lane, block.
  std::vector<Dim> dims;
  /// Index of the image dimension, whose extent is the batch (the specification's, or the launch's where that is any) and whose
  /// stride the launch gives; -1 where there is none.
  int batchDim = -1;
  /// Bytes from the buffer's start to the element at every dimension's min.
  int64_t hostOffset = 0;
};

/// The kernel's arguments. The host program builds its halide_buffer_t from this and the kernel declares its ImageParams by it.
std::vector<KernelArgument> arguments(const KernelSpec &spec);

/// Multiply-adds an image, counted as two operations each (profiles show GFLOP/s by it).
int64_t flopsPerImage(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_KERNELSPEC_H
