// The .npy reader and writer.

#include "tools/resnet-run/Npy.h"
#include "tools/resnet-run/OutputFile.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace resnet;

static std::string file(std::string header, std::string data, int major = 1) {
  std::string length = major == 1 ? std::string{char(header.size() & 255), char(header.size() >> 8)}
                                  : std::string{char(header.size() & 255), char(header.size() >> 8), 0, 0};
  return "\x93NUMPY" + std::string{char(major), 0} + length + header + data;
}

static std::string header(const std::string &type, const std::string &shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }      \n";
}

static std::string errorOf(const std::string &contents) {
  llvm::Expected<NpyArray> array = parseNpy(contents, "x.npy");
  return array ? "" : llvm::toString(array.takeError());
}

static NpyArray read(const std::string &contents) {
  llvm::Expected<NpyArray> array = parseNpy(contents, "x.npy");
  EXPECT_TRUE(bool(array)) << llvm::toString(array.takeError());
  return array ? *array : NpyArray();
}

TEST(Npy, EveryVersion) {
  for (int major : {1, 2, 3}) {
    NpyArray array = read(file(header("|u1", "(2, 3)"), "abcdef", major));
    EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_TRUE(array.is('u', 1));
    EXPECT_EQ(array.as<char>()[5], 'f');
  }
}

TEST(Npy, ShapesOfAnyRank) {
  EXPECT_EQ(read(file(header("|u1", "()"), "a")).shape, std::vector<int64_t>());
  EXPECT_EQ(read(file(header("|u1", "(3,)"), "abc")).shape, std::vector<int64_t>{3});
  EXPECT_EQ(read(file(header("|u1", "(0, 7)"), "")).elements(), 0);
  EXPECT_EQ(read(file("{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"|u1\"}", "ab")).shape, (std::vector<int64_t>{1, 2}));
}

TEST(Npy, BigEndianIsConverted) {
  NpyArray array = read(file(header(">i2", "(2,)"), std::string("\x01\x02\xff\xfe", 4)));
  EXPECT_EQ(array.as<int16_t>()[0], 0x0102);
  EXPECT_EQ(array.as<int16_t>()[1], -2);
}

TEST(Npy, FortranOrderIsConverted) {
  // [[a, c, e], [b, d, f]] by columns.
  NpyArray array = read(file(header("|u1", "(2, 3)", true), "abcdef"));
  EXPECT_EQ(std::string(array.data.begin(), array.data.end()), "acebdf");
  array = read(file(header("|u1", "(2, 2, 2)", true), "abcdefgh"));
  EXPECT_EQ(std::string(array.data.begin(), array.data.end()), "aecgbfdh");
}

TEST(Npy, MalformedFilesAreErrors) {
  EXPECT_EQ(errorOf("hello"), "'x.npy': not a .npy file: it does not begin with \\x93NUMPY");
  EXPECT_EQ(errorOf("\x93NUMPY"), "'x.npy': truncated .npy file: no version");
  EXPECT_EQ(errorOf(std::string("\x93NUMPY\x04\x00", 8)), "'x.npy': expected .npy format 1.0, 2.0 or 3.0, found 4.0");
  EXPECT_EQ(errorOf(std::string("\x93NUMPY\x01\x00\x10\x27", 10)),
            "'x.npy': truncated .npy file: its header has 10000 bytes, 0 are left");
  EXPECT_EQ(errorOf(file(header("<f4", "(2,)"), "1234")),
            "'x.npy': truncated .npy file: shape [2] of '<f4' has 8 bytes, the file has 4");
  EXPECT_EQ(errorOf(file(header("<f4", "(1,)"), "12345678")),
            "'x.npy': trailing bytes: shape [1] of '<f4' has 4 bytes, the file has 8");
  EXPECT_EQ(errorOf(file(header("<f4", "(4611686018427387904, 4611686018427387904)"), "")),
            "'x.npy': the size of shape [4611686018427387904, 4611686018427387904] overflows");
  EXPECT_EQ(errorOf(file(header("|O", "(1,)"), "12345678")),
            "'x.npy': unsupported element type '|O': expected a number, e.g. '<f4'");
}

TEST(Npy, HeadersAreParsedStrictly) {
  for (const char *bad :
       {"", "{}", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1,)}", "{'descr': '<f4"})
    EXPECT_NE(errorOf(file(bad, "1234")).find("malformed .npy header"), std::string::npos) << bad;
  for (const char *type : {"f4", "<f3", "<f0", "|f4", "<q4", "<f99", "<U4", "<f"})
    EXPECT_NE(errorOf(file(header(type, "(1,)"), "1234")).find("unsupported element type"), std::string::npos) << type;
}

namespace {
struct Folder : testing::Test {
  std::string path;
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "resnet-npy-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(path); }
  size_t count() const { return size_t(std::distance(std::filesystem::directory_iterator(path), {})); }
};
} // namespace

TEST_F(Folder, WhatIsWrittenIsRead) {
  for (std::vector<int64_t> shape : {std::vector<int64_t>{6}, {2, 3}, {1, 2, 3, 1}, {}}) {
    std::vector<float> values(shape.empty() ? 1 : 6);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = float(i) + 0.5f;
    ASSERT_FALSE(bool(writeNpy(path + "/a.npy", shape, values)));
    llvm::Expected<NpyArray> array = readNpyF32(path + "/a.npy");
    ASSERT_TRUE(bool(array)) << llvm::toString(array.takeError());
    EXPECT_EQ(array->shape, shape);
    EXPECT_EQ(array->as<float>().vec(), values);
    EXPECT_EQ(std::filesystem::file_size(path + "/a.npy") % 64, values.size() * 4 % 64);
  }
  EXPECT_EQ(count(), 1u) << "no temporary is left";
}

TEST_F(Folder, AFailedWriteLeavesNothing) {
  std::filesystem::create_symlink("/dev/full", path + "/full.npy");
  EXPECT_EQ(llvm::toString(writeNpy(path + "/full.npy", {2}, {1.f, 2.f})),
            "'" + path + "/full.npy': cannot write: No space left on device");
  EXPECT_EQ(llvm::toString(writeNpy(path + "/none/a.npy", {1}, {1.f})),
            "'" + path + "/none/a.npy': cannot write: No such file or directory");
  std::filesystem::create_directory(path + "/folder.npy");
  EXPECT_TRUE(bool(llvm::errorToBool(writeNpy(path + "/folder.npy", {1}, {1.f}))));
  EXPECT_EQ(count(), 2u);
}

TEST_F(Folder, ReadingWhatIsNoFile) {
  EXPECT_EQ(llvm::toString(readNpy(path + "/none.npy").takeError()),
            "'" + path + "/none.npy': cannot read: No such file or directory");
  EXPECT_EQ(llvm::toString(readNpy(path).takeError()), "'" + path + "': cannot read: Is a directory");
}
