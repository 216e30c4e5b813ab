// Pooling, heads, element-wise kernels and copies against plain loops.

#include "KernelReference.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

//===-- Pooling -----------------------------------------------------------===//

namespace {

struct PoolCase {
  int64_t channels, height, width, kernel, stride;
  Halo padding;
  bool ceilMode = false;
  int64_t dilation = 1;
  int64_t inBlock = kChannelBlock, outBlock = kChannelBlock;

  int64_t outputs(int64_t in, int64_t before, int64_t after) const {
    const int64_t room = in + before + after - dilation * (kernel - 1) - 1;
    int64_t out = (ceilMode ? ceilDiv(room, stride) : room / stride) + 1;
    if (ceilMode && (out - 1) * stride >= in + before) // a window that starts behind the input is dropped
      --out;
    return out;
  }
  KernelSpec spec(KernelKind kind) const {
    KernelSpec s;
    s.kind = kind;
    s.input = {channels, height, width, inBlock, {}};
    s.output = {
        channels, outputs(height, padding.top, padding.bottom), outputs(width, padding.left, padding.right), outBlock, {}};
    s.kernel = {kernel, kernel}, s.strides = {stride, stride}, s.dilations = {dilation, dilation};
    s.padding = padding;
    return s;
  }
};

void PrintTo(const PoolCase &c, std::ostream *os) { *os << toString(c.spec(KernelKind::MaxPool2d)); }

class KernelTestPool : public testing::TestWithParam<PoolCase> {};

} // namespace

TEST_P(KernelTestPool, Max) {
  KernelSpec s = GetParam().spec(KernelKind::MaxPool2d);
  expectMatchesReferenceOnAllTargets(s);
  s.input.halo = {1, 2, 1, 0}, s.output.halo = {1, 1, 2, 1};
  expectMatchesReferenceOnAllTargets(s);
}

TEST_P(KernelTestPool, Average) {
  KernelSpec s = GetParam().spec(KernelKind::AvgPool2d);
  expectMatchesReferenceOnAllTargets(s);
  s.countIncludePad = true;
  expectMatchesReferenceOnAllTargets(s);
}

INSTANTIATE_TEST_SUITE_P(Shapes, KernelTestPool,
                         testing::Values(PoolCase{64, 28, 28, 3, 2, {1, 1, 1, 1}}, PoolCase{17, 15, 13, 3, 2, {1, 1, 1, 1}},
                                         PoolCase{40, 9, 9, 2, 2, {}}, PoolCase{16, 8, 8, 2, 2, {}},
                                         PoolCase{16, 9, 11, 2, 2, {}, true}, PoolCase{16, 14, 14, 3, 2, {}, true},
                                         PoolCase{5, 14, 15, 3, 2, {1, 1, 1, 1}, true},
                                         PoolCase{16, 10, 10, 3, 1, {2, 2, 2, 2}, false, 2},
                                         PoolCase{16, 12, 12, 5, 3, {0, 1, 2, 2}}, PoolCase{16, 1, 1, 3, 2, {1, 1, 1, 1}},
                                         PoolCase{6, 9, 9, 3, 2, {1, 1, 1, 1}, false, 1, 1, 1},
                                         PoolCase{20, 9, 9, 3, 2, {1, 1, 1, 1}, false, 1, 1, 16}));

TEST(KernelTestPool, DebugVariant) {
  for (KernelKind kind : {KernelKind::MaxPool2d, KernelKind::AvgPool2d}) {
    KernelSpec s = PoolCase{32, 15, 13, 3, 2, {1, 1, 1, 1}}.spec(kind);
    s.debug = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestPool, GlobalAverage) {
  for (int64_t channels : {1, 17, 64, 112})
    for (int64_t inBlock : {1, 16})
      for (int64_t outBlock : {1, 16}) {
        KernelSpec s;
        s.kind = KernelKind::GlobalAvgPool;
        s.input = {channels, 7, 5, inBlock, {}};
        s.output = {channels, 1, 1, outBlock, {}};
        if (channels == 17)
          s.input.halo = {1, 1, 1, 1}, s.output.halo = {0, 1, 1, 0};
        expectMatchesReferenceOnAllTargets(s);
      }
}

TEST(KernelTestPool, GlobalMaximum) {
  for (int64_t channels : {1, 17, 64})
    for (int64_t inBlock : {1, 16})
      for (int64_t outBlock : {1, 16}) {
        KernelSpec s;
        s.kind = KernelKind::GlobalMaxPool;
        s.input = {channels, 7, 5, inBlock, {}};
        s.output = {channels, 1, 1, outBlock, {}};
        if (channels == 17)
          s.input.halo = {1, 1, 1, 1}, s.output.halo = {0, 1, 1, 0};
        expectMatchesReferenceOnAllTargets(s);
      }
}

//===-- Linear, Head, Softmax ---------------------------------------------===//

static KernelSpec head(int64_t channels, int64_t map, int64_t classes, int64_t block) {
  KernelSpec s;
  s.kind = KernelKind::Head;
  s.input = {channels, map, map, block, {}};
  s.output.channels = classes;
  s.filter = {classes, channels, 1, 1, 1, kChannelBlock, block};
  s.epilogue.bias = true;
  return s;
}

TEST(KernelTestHead, MatchesReference) {
  for (int softmax : {0, 1, 2})
    for (KernelSpec s :
         {head(64, 8, 10, 16), head(128, 7, 100, 16), head(40, 4, 1000, 16), head(17, 5, 3, 1), head(16, 1, 1, 16)}) {
      s.softmax = softmax > 0, s.logarithm = softmax == 2;
      expectMatchesReferenceOnAllTargets(s);
    }
  KernelSpec s = head(64, 7, 50, 16);
  s.input.halo = {1, 1, 1, 1};
  s.epilogue.bias = false;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestHead, DebugVariant) {
  KernelSpec s = head(40, 7, 50, 16);
  s.debug = s.softmax = true;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestLinear, MatchesReference) {
  for (int64_t features : {1, 17, 256})
    for (int64_t outputs : {1, 10, 33, 128}) {
      KernelSpec s;
      s.kind = KernelKind::Linear;
      s.input.channels = features, s.output.channels = outputs;
      s.filter = {outputs, features, 1, 1, 1, kChannelBlock, 1};
      s.epilogue.bias = outputs != 33;
      s.epilogue.activation = outputs == 10 ? Activation::Relu : Activation::None;
      expectMatchesReferenceOnAllTargets(s);
    }
}

TEST(KernelTestLinear, BlockedFeatures) {
  KernelSpec s;
  s.kind = KernelKind::Linear;
  s.input = {40, 1, 1, 16, {}}, s.output = {24, 1, 1, 16, {}};
  s.filter = {24, 40, 1, 1, 1, kChannelBlock, 16};
  s.epilogue.bias = true;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestSoftmax, MatchesReference) {
  for (int64_t classes : {1, 3, 10, 33, 1000}) {
    KernelSpec s;
    s.kind = KernelKind::Softmax;
    s.input.channels = s.output.channels = classes;
    expectMatchesReferenceOnAllTargets(s);
    s.logarithm = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

//===-- Elementwise -------------------------------------------------------===//

static KernelSpec elementwise(int64_t channels, int64_t height, int64_t width, int64_t block) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = s.addend = {channels, height, width, block, {}};
  return s;
}

TEST(KernelTestElementwise, ScaleShiftAddRelu) {
  for (int64_t block : {1, 16})
    for (int variant = 0; variant < 8; ++variant) {
      KernelSpec s = elementwise(24, 7, 9, block);
      s.scaleShift = variant & 1;
      s.epilogue.addend = variant & 2;
      s.epilogue.activation = variant & 4 ? Activation::Relu : Activation::None;
      expectMatchesReferenceOnAllTargets(s);
    }
}

TEST(KernelTestElementwise, InPlaceWithHalosAndOddMaps) {
  for (int64_t block : {1, 16, 40}) {
    KernelSpec s = elementwise(40, 5, 37, block);
    s.scaleShift = true;
    s.epilogue.addend = s.epilogue.addendInPlace = true;
    s.epilogue.activation = Activation::Relu;
    s.epilogue.activatedChannels = 17;
    s.output.halo = s.addend.halo = {1, 2, 1, 0};
    s.input.halo = {0, 1, 1, 1};
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestElementwise, BlocksDiffer) {
  for (int64_t in : {1, 16})
    for (int64_t out : {1, 16}) {
      KernelSpec s = elementwise(20, 6, 7, 1);
      s.input.block = in, s.output.block = out;
      s.addend.block = 4;
      s.scaleShift = s.epilogue.addend = true;
      expectMatchesReferenceOnAllTargets(s);
    }
}

TEST(KernelTestElementwise, Gates) {
  for (int64_t channels : {24, 64})
    for (int64_t gateBlock : {1, 16})
      for (int64_t map : {1, 7, 14})
        for (bool rest : {false, true}) {
          KernelSpec s = elementwise(channels, map, map, 16);
          s.gate = {channels, 1, 1, gateBlock, {}};
          s.scaleShift = s.epilogue.addend = rest;
          s.epilogue.activation = rest ? Activation::Relu : Activation::None;
          expectMatchesReferenceOnAllTargets(s);
        }
}

// In place over the addend; halos, a dense output and gates that lie otherwise than their maps.
TEST(KernelTestElementwise, GatesInPlaceAndOtherBlocks) {
  KernelSpec s = elementwise(40, 5, 9, 16);
  s.gate = {40, 1, 1, 1, {}};
  s.epilogue.addend = s.epilogue.addendInPlace = true;
  s.epilogue.activation = Activation::Relu;
  s.output.halo = s.addend.halo = {1, 2, 1, 0};
  s.input.halo = {0, 1, 1, 1};
  expectMatchesReferenceOnAllTargets(s);
  for (int64_t in : {1, 16})
    for (int64_t out : {1, 16}) {
      KernelSpec other = elementwise(20, 6, 7, 1);
      other.input.block = in, other.output.block = out;
      other.addend = {};
      other.gate = {20, 1, 1, 16, {}};
      other.epilogue.activation = Activation::Sigmoid;
      expectMatchesReferenceOnAllTargets(other);
    }
}

TEST(KernelTestElementwise, Products) {
  for (int64_t block : {1, 16})
    for (KernelSpec s : {elementwise(24, 7, 9, block), elementwise(33, 1, 1, block)}) {
      s.addend = {};
      s.gate = s.input;
      expectMatchesReferenceOnAllTargets(s);
      s.gate.halo = {1, 0, 0, 1};
      expectMatchesReferenceOnAllTargets(s);
    }
}

// [N, F]: not a vector of one channel a time.
TEST(KernelTestElementwise, Features) {
  for (int64_t features : {1, 10, 1000}) {
    KernelSpec s = elementwise(features, 1, 1, 1);
    s.scaleShift = s.epilogue.addend = true;
    s.epilogue.activation = Activation::Relu;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestElementwise, RefusesAGateOfAnotherShape) {
  KernelSpec s = elementwise(24, 7, 9, 16);
  s.gate = {24, 7, 1, 16, {}};
  EXPECT_EQ(LoadedKernel(s).error(), "the gate's shape does not fit the output's");
}

//===-- Copy --------------------------------------------------------------===//

static KernelSpec copy(ActivationGeometry in, ActivationGeometry out) {
  KernelSpec s;
  s.kind = KernelKind::Copy;
  s.input = in, s.output = out;
  return s;
}

TEST(KernelTestCopy, LayoutConversions) {
  for (int64_t channels : {3, 40})
    for (int64_t in : {int64_t(1), channels, int64_t(16)})
      for (int64_t out : {int64_t(1), channels, int64_t(16)}) {
        KernelSpec s = copy({channels, 6, 19, in, {}}, {channels, 6, 19, out, {1, 2, 3, 4}});
        expectMatchesReferenceOnAllTargets(s);
        s.input.halo = {1, 1, 0, 2};
        expectMatchesReference(s);
      }
}

// Pad with a value, on all sides and in channels; crop.
TEST(KernelTestCopy, PadAndCrop) {
  for (int64_t block : {1, 16})
    for (float fill : {0.f, -1.5f}) {
      KernelSpec s = copy({17, 6, 9, block, {}}, {40, 10, 12, block, {}});
      s.copyOffset = {-4, -2, -1};
      s.fill = fill;
      expectMatchesReferenceOnAllTargets(s);
      KernelSpec crop = copy({40, 10, 12, block, {}}, {17, 6, 9, block, {}});
      crop.copyOffset = {16, 3, 2};
      expectMatchesReferenceOnAllTargets(crop);
    }
}

// The paper's option A: every second pixel, zeros in half of the new channels on either side.
TEST(KernelTestCopy, SubsampleAndPadChannels) {
  for (int64_t block : {1, 16}) {
    KernelSpec s = copy({16, 8, 8, block, {}}, {32, 4, 4, block, {}});
    s.strides = {2, 2};
    s.copyOffset = {-8, 0, 0};
    expectMatchesReferenceOnAllTargets(s);
    s.copyOffset = {0, 1, 0};
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestCopy, DebugVariant) {
  KernelSpec s = copy({17, 6, 19, 1, {}}, {17, 6, 19, 16, {1, 1, 1, 1}});
  s.debug = true;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestCopy, Borders) {
  for (Border border : {Border::Edge, Border::Reflect})
    for (int64_t block : {1, 16})
      for (int64_t channels : {3, 24}) {
        KernelSpec s = copy({channels, 6, 9, block, {}}, {channels, 11, 16, block, {}});
        s.border = border;
        s.copyOffset = {0, -2, -4};
        expectMatchesReferenceOnAllTargets(s);
        s.output.channels = channels + 3, s.copyOffset = {-1, -2, -4};
        s.output.halo = {1, 0, 2, 1};
        expectMatchesReferenceOnAllTargets(s);
      }
}

TEST(KernelTestCopy, RefusesToReflectTwice) {
  KernelSpec s = copy({3, 4, 4, 1, {}}, {3, 8, 8, 1, {}});
  s.border = Border::Reflect;
  s.copyOffset = {0, -4, 0};
  EXPECT_EQ(LoadedKernel(s).error(), "a mirrored border is as wide as the input");
}

TEST(KernelTestCopy, Expand) {
  for (int64_t in : {1, 16})
    for (int64_t out : {1, 16}) {
      KernelSpec s = copy({24, 1, 1, in, {}}, {24, 7, 5, out, {1, 1, 1, 1}});
      s.strides = {0, 0};
      expectMatchesReferenceOnAllTargets(s);
    }
}

//===-- Concat ------------------------------------------------------------===//

static KernelSpec concat(std::vector<int64_t> channels, int64_t height, int64_t width) {
  KernelSpec s;
  s.kind = KernelKind::Concat;
  s.output = {0, height, width, kChannelBlock, {}};
  for (int64_t c : channels) {
    s.moreInputs.push_back({c, height, width, kChannelBlock, {}});
    s.output.channels += c;
  }
  s.input = s.moreInputs.front();
  s.moreInputs.erase(s.moreInputs.begin());
  return s;
}

TEST(KernelTestConcat, MatchesReference) {
  for (KernelSpec s : {concat({32, 32}, 14, 14), concat({24, 40}, 7, 7), concat({16, 24}, 5, 3), concat({3, 5, 1}, 1, 1),
                       concat({16, 32, 8, 20}, 6, 9), concat({16}, 4, 4)})
    expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestConcat, OtherBlocksAndHalos) {
  for (int64_t out : {1, 16}) {
    KernelSpec s = concat({32, 24, 8}, 7, 5);
    s.output.block = out;
    s.moreInputs[0].block = 1;
    s.output.halo = {1, 2, 1, 0}, s.input.halo = {0, 1, 0, 1}, s.moreInputs[1].halo = {1, 1, 1, 1};
    expectMatchesReferenceOnAllTargets(s);
    s.debug = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestConcat, RefusesChannelsThatDoNotAddUp) {
  KernelSpec s = concat({32, 24}, 7, 5);
  s.output.channels = 55;
  EXPECT_EQ(LoadedKernel(s).error(), "the inputs' channels do not add up to the output's");
}
