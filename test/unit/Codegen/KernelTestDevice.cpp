// One kernel or more of every kind on devices. OpenCL's run wherever a platform is found, PoCL in continuous integration; CUDA's
// are compiled and looked at, assembled where ptxas is found, and run where a device is found.

#include "ConvolutionCases.h"
#include "KernelReference.h"
#include "codegen/halide/KernelCompiler.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <ostream>
#include <unistd.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

struct DeviceCase {
  const char *name;
  KernelSpec spec;
};

void PrintTo(const DeviceCase &c, std::ostream *os) { *os << c.name; }

template <typename Change> KernelSpec changed(KernelSpec s, const Change &change) {
  change(s);
  return s;
}

KernelSpec of(KernelKind kind, ActivationGeometry input, ActivationGeometry output) {
  KernelSpec s;
  s.kind = kind;
  s.input = input, s.output = output;
  return s;
}

KernelSpec window(KernelSpec s, int64_t size, int64_t stride, int64_t pad) {
  s.kernel = {size, size}, s.strides = {stride, stride}, s.padding = {pad, pad, pad, pad};
  return s;
}

KernelSpec grouped(int64_t channels, int64_t groups) {
  return changed(convolution(channels, channels, 9, 3), [&](KernelSpec &s) { s.filter.groups = groups; });
}

KernelSpec classifier(KernelKind kind, int64_t channels, int64_t map, int64_t classes, bool softmax) {
  KernelSpec s = of(kind, {channels, map, map, kind == KernelKind::Head ? kChannelBlock : 1, {}}, {});
  s.output.channels = classes;
  s.filter = {classes, channels, 1, 1, 1, kChannelBlock, s.input.block};
  s.epilogue.bias = true;
  s.softmax = softmax;
  return s;
}

KernelSpec stem() {
  KernelSpec s = of(KernelKind::Stem, {3, 33, 47, 1, {3, 3, 3, 3}}, {32, 9, 12, kChannelBlock, {}});
  s.filter = {32, 3, 7, 7, 1, kChannelBlock, 1};
  s.strides = {2, 2}, s.padding = {3, 3, 3, 3}, s.convolved = {17, 24};
  s.poolKernel = {3, 3}, s.poolStrides = {2, 2}, s.poolPadding = {1, 1, 1, 1};
  s.epilogue.bias = true;
  s.epilogue.activation = Activation::Relu;
  return s;
}

KernelSpec groupNorm(int64_t channels, int64_t groups, int64_t block) {
  KernelSpec s = of(KernelKind::GroupNorm, {channels, 7, 9, block, {}}, {channels, 7, 9, block, {1, 1, 1, 1}});
  s.normGroups = groups, s.epsilon = 1e-5f, s.scaleShift = true;
  return s;
}

std::vector<DeviceCase> convolutions() {
  const auto addInPlace = [](KernelSpec &s) {
    s.addend = s.output;
    s.epilogue.addend = s.epilogue.addendInPlace = true;
  };
  const auto shortcut = [](int64_t block, int64_t before) {
    return [=](KernelSpec &s) {
      s.addend = {16, 18, 18, block, {}};
      s.epilogue.addend = true;
      s.epilogue.addendStrides = {2, 2}, s.epilogue.addendChannels = before;
    };
  };
  const auto post = [&](KernelSpec &s) {
    addInPlace(s);
    s.epilogue.post = s.epilogue.keepsSum = s.epilogue.addendKept = true;
    s.epilogue.postActivation = Activation::Relu;
  };
  return {
      {"conv_3x3", convolution(64, 64, 14, 3)},
      {"conv_3x3_in_place", changed(convolution(32, 32, 15, 3), addInPlace)},
      {"conv_3x3_strided", convolution(32, 48, 13, 3, 2)},
      {"conv_1x1", convolution(64, 128, 14, 1)},
      {"conv_1x1_odd", convolution(17, 40, 9, 1)},
      {"conv_1x1_strided", convolution(32, 64, 14, 1, 2)},
      {"conv_7x7_planar", changed(convolution(3, 32, 31, 7, 2), [](KernelSpec &s) { s.input.block = s.filter.inputBlock = 1; })},
      {"conv_shifted_shortcut", changed(convolution(16, 32, 9, 3), shortcut(kChannelBlock, 8))},
      {"conv_planar_shortcut", changed(convolution(16, 32, 9, 3), shortcut(1, 16))},
      {"conv_kept_sum", changed(convolution(32, 32, 9, 3), post)},
      {"conv_silu", changed(convolution(16, 24, 7, 3), [](KernelSpec &s) { s.epilogue.activation = Activation::Silu; })},
      {"conv_two_groups", grouped(64, 2)},
      {"conv_narrow_groups", grouped(64, 16)},
      {"conv_depthwise", grouped(40, 40)},
  };
}

std::vector<DeviceCase> others() {
  const auto gated = [](KernelSpec &s) {
    s.addend = s.input;
    s.gate = {40, 1, 1, kChannelBlock, {}};
    s.scaleShift = s.epilogue.addend = true;
    s.epilogue.activation = Activation::Relu;
  };
  const ActivationGeometry blocked{40, 7, 9, kChannelBlock, {}}, planar{40, 7, 9, 1, {}};
  return {
      {"conv_planar_output", changed(convolution(17, 40, 9, 3), [](KernelSpec &s) { s.output.block = 1; })},
      {"stem", stem()},
      {"max_pool", window(of(KernelKind::MaxPool2d, {40, 15, 13, 16, {1, 2, 1, 0}}, {40, 8, 7, 16, {}}), 3, 2, 1)},
      {"average_pool", window(of(KernelKind::AvgPool2d, {20, 9, 9, 1, {}}, {20, 5, 5, 16, {}}), 3, 2, 1)},
      {"global_average", of(KernelKind::GlobalAvgPool, blocked, {40, 1, 1, kChannelBlock, {}})},
      {"global_maximum", of(KernelKind::GlobalMaxPool, planar, {40, 1, 1, 1, {}})},
      {"group_norm", groupNorm(64, 4, kChannelBlock)},
      {"layer_norm_planar", groupNorm(24, 1, 1)},
      {"linear", classifier(KernelKind::Linear, 65, 1, 33, false)},
      {"head", classifier(KernelKind::Head, 72, 7, 100, false)},
      {"head_softmax", classifier(KernelKind::Head, 72, 7, 100, true)},
      {"softmax", of(KernelKind::Softmax, {300, 1, 1, 1, {}}, {300, 1, 1, 1, {}})},
      {"gate_scale_add", changed(of(KernelKind::Elementwise, blocked, blocked), gated)},
      {"fake_quantize",
       changed(of(KernelKind::Elementwise, planar, planar),
               [](KernelSpec &s) { s.epilogue.activation = {Activation::FakeQuantize, {0.03f, 0, -128, 127}}; })},
      {"to_blocks", of(KernelKind::Copy, planar, {40, 7, 9, kChannelBlock, {1, 1, 1, 1}})},
      {"reflect", changed(of(KernelKind::Copy, blocked, {40, 11, 13, kChannelBlock, {}}),
                          [](KernelSpec &s) { s.border = Border::Reflect, s.copyOffset = {0, -2, -2}; })},
      {"concat",
       changed(of(KernelKind::Concat, {16, 7, 9, 16, {}}, {56, 7, 9, 16, {}}), [&](KernelSpec &s) { s.moreInputs = {blocked}; })},
  };
}

class KernelTestDevice : public testing::TestWithParam<DeviceCase> {};

std::string name(const testing::TestParamInfo<DeviceCase> &info) { return info.param.name; }

void expectMatchesReferenceOn(KernelSpec spec, Target target) {
  if (!machineRuns(target))
    GTEST_SKIP() << "this machine has no device for " << toString(target);
  spec.target = target;
  expectMatchesReference(spec);
}

/// The PTX of a kernel's object.
std::string ptxOf(KernelSpec spec) {
  spec.target = Target::Cuda;
  canonicalize(spec);
  const CompiledKernel kernel = compileKernel(spec, symbolName(spec));
  EXPECT_EQ(kernel.error, "") << toString(spec);
  const size_t begin = kernel.contents.find(".version");
  const size_t end = kernel.contents.find('\0', begin);
  return begin == std::string::npos ? "" : kernel.contents.substr(begin, end - begin);
}

/// What ptxas says of it; nothing where there is no ptxas.
std::string assemble(const std::string &ptx) {
  std::string path = std::filesystem::temp_directory_path() / "resnet-ptx-XXXXXX";
  const int file = mkstemp(path.data());
  std::ofstream(path) << ptx;
  const std::string command = std::string(RESNET_PTXAS " -arch=sm_80 -v -o /dev/null ") + path + " 2>&1";
  std::string said;
  char buffer[256];
  FILE *pipe = popen(command.c_str(), "r");
  while (pipe && std::fgets(buffer, sizeof buffer, pipe))
    said += buffer;
  const int status = pipe ? pclose(pipe) : -1;
  close(file);
  std::remove(path.c_str());
  EXPECT_EQ(status, 0) << said;
  return said;
}

void expectPtx(const KernelSpec &spec) {
  const std::string ptx = ptxOf(spec);
  EXPECT_NE(ptx.find(".target sm_80"), std::string::npos);
  EXPECT_EQ(ptx.find(".local"), std::string::npos);
  if (std::string(RESNET_PTXAS).empty())
    return;
  const std::string said = assemble(ptx);
  EXPECT_NE(said.find("0 bytes spill stores, 0 bytes spill loads"), std::string::npos) << said;
  EXPECT_NE(said.find("0 bytes stack frame"), std::string::npos) << said;
}

} // namespace

TEST_P(KernelTestDevice, OpenCl) { expectMatchesReferenceOn(GetParam().spec, Target::OpenCL); }
TEST_P(KernelTestDevice, Cuda) { expectMatchesReferenceOn(GetParam().spec, Target::Cuda); }
TEST_P(KernelTestDevice, Ptx) { expectPtx(GetParam().spec); }

INSTANTIATE_TEST_SUITE_P(Convolutions, KernelTestDevice, testing::ValuesIn(convolutions()), name);
INSTANTIATE_TEST_SUITE_P(Others, KernelTestDevice, testing::ValuesIn(others()), name);
