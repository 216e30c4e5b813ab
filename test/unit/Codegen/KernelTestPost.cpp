// Convolutions that write what the next pre-activation block makes of their sum, alone or beside the sum, directly and with
// Winograd's algorithm, against plain loops.

#include "ConvolutionCases.h"
#include "KernelReference.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

struct PostCase {
  int64_t ci, co, map, size;
  const char *schedule = nullptr; // the cost model's

  KernelSpec spec() const {
    KernelSpec s = convolution(ci, co, map, size);
    s.epilogue.activation = Activation::None;
    s.epilogue.post = true;
    s.epilogue.postActivation = Activation::Relu;
    if (schedule)
      s.schedule = *parseConvSchedule(schedule);
    return s;
  }
};

void PrintTo(const PostCase &c, std::ostream *os) { *os << toString(c.spec()); }

class KernelTestPost : public testing::TestWithParam<PostCase> {};

} // namespace

TEST_P(KernelTestPost, Alone) {
  KernelSpec s = GetParam().spec();
  expectMatchesReferenceOnAllTargets(s);
  s.addend = s.output;
  s.epilogue.addend = s.epilogue.addendInPlace = true;
  s.epilogue.activation = Activation::Relu;
  expectMatchesReferenceOnAllTargets(s);
}

TEST_P(KernelTestPost, BesideTheSum) {
  KernelSpec s = GetParam().spec();
  s.epilogue.keepsSum = true;
  s.output.halo = {1, 2, 3, 4};
  expectMatchesReferenceOnAllTargets(s);
  s.addend = s.output;
  s.addend.halo = {};
  s.epilogue.addend = true;
  expectMatchesReferenceOnAllTargets(s);
  s.debug = true;
  expectMatchesReference(s);
}

// The pair is written over the pair that it adds: what is added must not have been overwritten.
TEST_P(KernelTestPost, OverThePairThatItAdds) {
  KernelSpec s = GetParam().spec();
  s.epilogue.keepsSum = s.epilogue.addendKept = s.epilogue.addend = true;
  s.addend = s.output;
  expectMatchesReferenceOnAllTargets(s);
  s.epilogue.addendInPlace = true;
  expectMatchesReferenceOnAllTargets(s);
  s.debug = true;
  expectMatchesReference(s);
}

INSTANTIATE_TEST_SUITE_P(Direct, KernelTestPost,
                         testing::Values(PostCase{16, 32, 8, 3}, PostCase{32, 64, 7, 1}, PostCase{32, 48, 13, 3}));
INSTANTIATE_TEST_SUITE_P(
    Winograd, KernelTestPost,
    testing::Values(PostCase{32, 32, 8, 3, "winograd4 tile=2x1"}, PostCase{32, 48, 9, 3, "winograd2 tile=2x1 tile_rows=5"},
                    PostCase{48, 32, 7, 3, "winograd4 tile=2x1 tile_rows=2 input_channels=8 filter_outermost"}));

TEST(KernelTestPost, RejectsPairsThatAreNone) {
  KernelSpec s = PostCase{16, 24, 8, 3}.spec();
  EXPECT_EQ(LoadedKernel(s).error(), "");
  s.epilogue.keepsSum = true;
  EXPECT_EQ(LoadedKernel(s).error(), "a kept sum must have whole blocks of channels, as the filter");
  s = PostCase{16, 32, 8, 3}.spec();
  s.epilogue.keepsSum = s.epilogue.addend = s.epilogue.addendInPlace = true;
  s.addend = s.output;
  EXPECT_EQ(LoadedKernel(s).error(), "an addend in place must be a pair of maps as the output");
}

// Records of plain convolutions are found for them too.
TEST(KernelTestPost, IsScheduledAsThePlainConvolution) {
  KernelSpec s = PostCase{32, 32, 8, 3}.spec(), plain = s;
  plain.epilogue.post = false;
  s.epilogue.keepsSum = true;
  canonicalize(plain);
  EXPECT_EQ(scheduleKey(s), scheduleKey(plain));
  EXPECT_NE(toString(s), toString(plain));
}
