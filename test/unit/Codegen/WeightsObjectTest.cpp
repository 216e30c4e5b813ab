// The hand-written ELF file is one that LLVM's reader accepts, and holds the packed weights where the plan put them.

#include "codegen/WeightsObject.h"
#include "dialect/IR/ResNetDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;

namespace {

mlir::OwningOpRef<mlir::ModuleOp> parse(mlir::MLIRContext &context, llvm::StringRef text) {
  context.loadDialect<resnet::ResNetDialect>();
  return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
}

struct TemporaryFile {
  llvm::SmallString<128> path;
  TemporaryFile() { (void)llvm::sys::fs::createTemporaryFile("weights", "o", path); }
  ~TemporaryFile() { (void)llvm::sys::fs::remove(path); }
};

TEST(WeightsObject, HoldsEveryConstantAtItsOffset) {
  mlir::MLIRContext context;
  auto module = parse(context, R"(
    resnet.global @late offset 128 dense<[1.0, 2.0, 3.0]> : tensor<3xf32> as tensor<3xf32, #resnet.filter_layout<block = 16>>
    resnet.global @early offset 0 dense<[4.0, 5.0]> : tensor<2xf32>
  )");
  ASSERT_TRUE(module);
  TemporaryFile file;
  auto packed = writeWeightsObject(*module, "weights", file.path);
  ASSERT_TRUE(static_cast<bool>(packed)) << llvm::toString(packed.takeError());
  EXPECT_EQ(packed->bytes, 192u) << "three floats padded to a block of 16, at 128";
  EXPECT_EQ(packed->hash.size(), 32u);

  auto object = llvm::object::ObjectFile::createObjectFile(file.path);
  ASSERT_TRUE(static_cast<bool>(object)) << llvm::toString(object.takeError());
  const llvm::object::ObjectFile &elf = *object->getBinary();
  EXPECT_TRUE(elf.isRelocatableObject());
  auto symbols = elf.symbols();
  ASSERT_EQ(std::distance(symbols.begin(), symbols.end()), 1);
  EXPECT_EQ(llvm::cantFail(symbols.begin()->getName()), "weights");
  EXPECT_EQ(llvm::cantFail(symbols.begin()->getFlags()) & llvm::object::SymbolRef::SF_Hidden, llvm::object::SymbolRef::SF_Hidden);
  auto section = llvm::cantFail(symbols.begin()->getSection());
  EXPECT_GE(section->getAlignment().value(), 64u);
  llvm::StringRef contents = llvm::cantFail(section->getContents());
  ASSERT_EQ(contents.size(), 192u);
  auto at = [&](size_t byte) {
    float value;
    memcpy(&value, contents.data() + byte, 4);
    return value;
  };
  EXPECT_EQ(at(0), 4.f);
  EXPECT_EQ(at(4), 5.f);
  EXPECT_EQ(at(128), 1.f);
  EXPECT_EQ(at(136), 3.f);
  EXPECT_EQ(at(140), 0.f);
}

TEST(WeightsObject, OverlappingOffsetsAreAnError) {
  mlir::MLIRContext context;
  auto module = parse(context, R"(
    resnet.global @a offset 0 dense<1.0> : tensor<32xf32>
    resnet.global @b offset 64 dense<1.0> : tensor<32xf32>
  )");
  ASSERT_TRUE(module);
  TemporaryFile file;
  auto packed = writeWeightsObject(*module, "weights", file.path);
  ASSERT_FALSE(static_cast<bool>(packed));
  EXPECT_NE(llvm::toString(packed.takeError()).find("'b'"), std::string::npos);
}

TEST(WeightsObject, AFullDiskIsAnError) {
  mlir::MLIRContext context;
  auto module = parse(context, "resnet.global @a offset 0 dense<1.0> : tensor<32xf32>");
  ASSERT_TRUE(module);
  auto packed = writeWeightsObject(*module, "weights", "/dev/full");
  ASSERT_FALSE(static_cast<bool>(packed));
  EXPECT_NE(llvm::toString(packed.takeError()).find("/dev/full"), std::string::npos);
}

} // namespace
