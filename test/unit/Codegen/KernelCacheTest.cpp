// The cache finds what it stored, ignores what was damaged, and stays within its bound.

#include "codegen/KernelCache.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;
namespace fs = llvm::sys::fs;

namespace {

class KernelCacheTest : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(fs::createUniqueDirectory("resnet-cache-test", directory)); }
  void TearDown() override { (void)fs::remove_directories(directory); }

  static KernelSpec spec(int64_t channels) {
    KernelSpec spec;
    spec.input.channels = spec.output.channels = channels;
    return spec;
  }
  static CompiledKernel kernel(size_t bytes) { return {"", std::string(bytes, 'k'), 128}; }

  std::vector<std::string> files() const {
    std::vector<std::string> result;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
      result.push_back(it->path());
    return result;
  }

  llvm::SmallString<128> directory;
};

TEST_F(KernelCacheTest, FindsWhatItStored) {
  KernelCache cache(std::string(directory.str()));
  EXPECT_FALSE(cache.load(spec(16), "k"));
  cache.store(spec(16), "k", kernel(100));
  auto found = cache.load(spec(16), "k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->contents, kernel(100).contents);
  EXPECT_EQ(found->scratchBytes, 128u);
  EXPECT_FALSE(cache.load(spec(32), "k"));
  EXPECT_FALSE(cache.load(spec(16), "other"));
  EXPECT_EQ(files().size(), 1u) << "no temporary file stays behind";
}

TEST_F(KernelCacheTest, IgnoresDamagedEntries) {
  KernelCache cache(std::string(directory.str()));
  cache.store(spec(16), "k", kernel(100));
  for (const char *contents : {"", "RNKERN01", "RNKERN01 and then something that is long enough for a header"}) {
    std::error_code error;
    llvm::raw_fd_ostream(files().front(), error) << contents;
    EXPECT_FALSE(cache.load(spec(16), "k"));
  }
}

TEST_F(KernelCacheTest, PruneRemovesTheLeastRecentlyUsed) {
  KernelCache cache(std::string(directory.str()), /*maxBytes=*/2500);
  for (int64_t channels : {1, 2, 3}) {
    cache.store(spec(channels), "k", kernel(1000));
    // Ages by hand: the clock of files is too coarse.
    for (const std::string &file : files()) {
      int descriptor;
      ASSERT_FALSE(fs::openFileForWrite(file, descriptor, fs::CD_OpenExisting));
      fs::file_status status;
      ASSERT_FALSE(fs::status(file, status));
      (void)fs::setLastAccessAndModificationTime(descriptor, status.getLastModificationTime() - std::chrono::hours(1));
      llvm::raw_fd_ostream(descriptor, true);
    }
  }
  EXPECT_TRUE(cache.load(spec(1), "k")); // used now
  cache.prune();
  EXPECT_TRUE(cache.load(spec(1), "k"));
  EXPECT_FALSE(cache.load(spec(2), "k"));
  EXPECT_TRUE(cache.load(spec(3), "k"));
}

TEST_F(KernelCacheTest, WithoutADirectoryItIsEmpty) {
  KernelCache none("");
  none.store(spec(16), "k", kernel(10));
  EXPECT_FALSE(none.load(spec(16), "k"));
  none.prune();
  KernelCache impossible("/dev/null/cache");
  impossible.store(spec(16), "k", kernel(10));
  EXPECT_FALSE(impossible.load(spec(16), "k"));
}

} // namespace
