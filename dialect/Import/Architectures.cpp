// The table of built-in architectures.

#include "dialect/Import/Architectures.h"
#include "llvm/ADT/STLExtras.h"

using namespace resnet;

// He et al., "Deep Residual Learning for Image Recognition", 2015, table 1; strides of the bottleneck on the 3x3, as in
// torchvision (v1.5).
static Architecture imageNet(std::string name, BlockKind block, std::array<int64_t, 4> blocks) {
  return {std::move(name),
          block,
          StemKind::ImageNet,
          ShortcutKind::Projection,
          {{blocks[0], 64}, {blocks[1], 128}, {blocks[2], 256}, {blocks[3], 512}},
          1000,
          224,
          "fc"};
}

// The same paper's section 4.2: 6n+2 layers, three stages of n basic blocks, option A.
static Architecture cifar(int64_t layers) {
  const int64_t n = (layers - 2) / 6;
  return {"resnet" + std::to_string(layers),
          BlockKind::Basic,
          StemKind::Cifar,
          ShortcutKind::ZeroPadding,
          {{n, 16}, {n, 32}, {n, 64}},
          10,
          32,
          "linear"};
}

llvm::ArrayRef<Architecture> resnet::architectures() {
  static const Architecture table[] = {
      imageNet("resnet18", BlockKind::Basic, {2, 2, 2, 2}),
      imageNet("resnet34", BlockKind::Basic, {3, 4, 6, 3}),
      imageNet("resnet50", BlockKind::Bottleneck, {3, 4, 6, 3}),
      imageNet("resnet101", BlockKind::Bottleneck, {3, 4, 23, 3}),
      imageNet("resnet152", BlockKind::Bottleneck, {3, 8, 36, 3}),
      cifar(20),
      cifar(32),
      cifar(44),
      cifar(56),
      cifar(110),
      cifar(1202),
  };
  return table;
}

const Architecture *resnet::findArchitecture(llvm::StringRef name) {
  const Architecture *found = llvm::find_if(architectures(), [&](const Architecture &a) { return a.name == name; });
  return found == architectures().end() ? nullptr : found;
}
