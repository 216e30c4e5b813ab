// Architectures with weights from safetensors files, good and broken ones.

#include "ImportTest.h"
#include "dialect/Import/Parameters.h"
#include <cmath>

using namespace llvm;
using namespace resnet;
using namespace resnet::test;

namespace {

struct SafetensorsTest : testing::Test {
  /// A file of that header and data.
  void write(const std::string &header, const std::string &data = "", std::optional<uint64_t> length = {}) {
    const uint64_t size = length.value_or(header.size());
    std::string content(reinterpret_cast<const char *>(&size), 8);
    folder.write("w.safetensors", content + header + data);
  }
  /// What takes the tensor `a` of shape [2] finds: its elements, or the error.
  std::string take() {
    Expected<std::unique_ptr<ParameterSource>> source = readSafetensors(folder.file("w.safetensors"));
    if (!source)
      return toString(source.takeError());
    HostTensor tensor = (*source)->get("a", {2}, ParameterRole::Scale);
    if (Error error = (*source)->finish())
      return toString(std::move(error));
    return std::to_string(tensor.floatAt(0)) + " " + std::to_string(tensor.floatAt(1));
  }
  static std::string bytes(float x, float y) {
    const float values[] = {x, y};
    return {reinterpret_cast<const char *>(values), 8};
  }
  TemporaryFolder folder;
};

TEST_F(SafetensorsTest, UnalignedTensorWithMetadataAndCounters) {
  write(R"({"__metadata__":{"format":"pt"},"b.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,1]},)"
        R"("a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
        "x" + bytes(1, 2));
  EXPECT_EQ(take(), "1.000000 2.000000");
}

TEST_F(SafetensorsTest, MissingAndSurplusTensors) {
  write(R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", bytes(1, 2));
  EXPECT_EQ(take(), "expected the architecture's tensors; missing: a; not of this architecture: b");
}

TEST_F(SafetensorsTest, TensorsThatDoNotFit) {
  write(R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,4]}})", bytes(1, 2));
  EXPECT_EQ(take(), "tensor 'a': expected type F32, F16 or BF16, got F64");
  write(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", bytes(1, 2));
  EXPECT_EQ(take(), "tensor 'a': expected shape 2, got 3");
  write(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", bytes(1, 2));
  EXPECT_TRUE(contains(take(), "expected 8 bytes among the file's 8 bytes of data, got bytes 4 to 12"));
  write(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,0]}})", bytes(1, 2));
  EXPECT_TRUE(contains(take(), "expected 8 bytes among"));
  write(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", bytes(1, NAN));
  EXPECT_TRUE(contains(take(), "tensor 'a': expected finite elements"));
}

TEST_F(SafetensorsTest, FilesThatAreNone) {
  EXPECT_TRUE(contains(take(), "No such file"));
  folder.write("w.safetensors", "");
  EXPECT_TRUE(contains(take(), "expected a safetensors file, got 0 bytes"));
  write("{}", "", uint64_t(1) << 60);
  EXPECT_TRUE(contains(take(), "with a header of 1152921504606846976"));
  write("{\"a\":");
  EXPECT_TRUE(contains(take(), "header is no JSON object"));
  write("[1, 2]");
  EXPECT_TRUE(contains(take(), "header is no JSON object"));
  write(std::string(100000, '['));
  EXPECT_TRUE(contains(take(), "header is no JSON object"));
}

TEST_F(SafetensorsTest, EntriesOfWrongKinds) {
  for (const char *entry :
       {"1", "[]", "{}", R"({"dtype":1,"shape":[2],"data_offsets":[0,8]})", R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})",
        R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})",
        R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", R"({"dtype":"F32","shape":[2],"data_offsets":["0","8"]})"}) {
    write("{\"a\":" + std::string(entry) + "}", bytes(1, 2));
    EXPECT_EQ(take(), "tensor 'a': expected dtype, shape and data_offsets") << entry;
  }
}

TEST_F(SafetensorsTest, HalfPrecision) {
  // 1.5 and the smallest subnormal, 2^-24; then -2 and 65504.
  write(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", std::string("\x00\x3e\x01\x00", 4));
  EXPECT_EQ(take(), "1.500000 0.000000");
  write(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", std::string("\x00\xc0\xff\x7b", 4));
  EXPECT_EQ(take(), "-2.000000 65504.000000");
  write(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", std::string("\x00\x00\x00\x7c", 4));
  EXPECT_TRUE(contains(take(), "tensor 'a': expected finite elements, got inf at position 1"));
  write(R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", std::string("\xc0\x3f\x00\xc0", 4));
  EXPECT_EQ(take(), "1.500000 -2.000000");
  write(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}})", bytes(1, 2));
  EXPECT_TRUE(contains(take(), "tensor 'a': expected 4 bytes among"));
}

TEST_F(SafetensorsTest, HalfPrecisionSubnormals) {
  write(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", std::string("\x01\x00\xff\x83", 4));
  Expected<std::unique_ptr<ParameterSource>> source = readSafetensors(folder.file("w.safetensors"));
  ASSERT_TRUE(static_cast<bool>(source));
  HostTensor tensor = (*source)->get("a", {2}, ParameterRole::Scale);
  EXPECT_EQ(tensor.floatAt(0), 0x1p-24f);
  EXPECT_EQ(tensor.floatAt(1), -1023 * 0x1p-24f);
}

TEST_F(SafetensorsTest, NamesOfParallelTraining) {
  write(R"({"module.a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", bytes(1, 2));
  EXPECT_EQ(take(), "1.000000 2.000000");
  write(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"module.a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
        bytes(1, 2));
  EXPECT_EQ(take(), "tensor 'module.a': expected the name once without 'module.', got it twice");
}

TEST_F(SafetensorsTest, LayersOverOnePixelMayBeConvolutions) {
  write(R"({"a":{"dtype":"F32","shape":[2,1,1],"data_offsets":[0,8]}})", bytes(1, 2));
  EXPECT_EQ(take(), "1.000000 2.000000");
  write(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})", bytes(1, 2));
  EXPECT_EQ(take(), "tensor 'a': expected shape 2, got 1x2");
}

} // namespace
