// Built-in residual networks, described by a table and built as modules of the resnet dialect.

#ifndef RESNET_DIALECT_IMPORT_ARCHITECTURES_H
#define RESNET_DIALECT_IMPORT_ARCHITECTURES_H

#include "dialect/Import/ImportOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <cstdint>

namespace resnet {

/// The residual function: two 3x3 convolutions, or 1x1 - 3x3 - 1x1 with four times the width at its end.
enum class BlockKind { Basic, Bottleneck };

/// What stands before the first block: 7x7 stride 2 and a 3x3 stride 2 maximum, or one 3x3.
enum class StemKind { ImageNet, Cifar };

/// The other path where a block changes the shape: a 1x1 convolution (option B), or every second pixel and channels of zeros
/// (option A).
enum class ShortcutKind { Projection, ZeroPadding };

struct Stage {
  int64_t blocks;
  int64_t width; // channels of the 3x3 convolutions; every stage but the first halves the map
};

/// A residual network as the papers' tables give it. Parameters are named as in torchvision (`layer1.0.conv1.weight`).
struct Architecture {
  std::string name;
  BlockKind block;
  StemKind stem;
  ShortcutKind shortcut;
  llvm::SmallVector<Stage, 4> stages;
  int64_t classes;
  int64_t imageSize;      // height and width where the user gives none
  std::string classifier; // name of the last layer
};

/// All built-in architectures, in the order in which they are listed.
llvm::ArrayRef<Architecture> architectures();

/// Null where there is none of this name.
const Architecture *findArchitecture(llvm::StringRef name);

struct ArchitectureOptions {
  /// Of the generated weights: the same bits on every machine.
  uint64_t seed = 0;
  /// A safetensors file with weights in place of generated ones; empty: none.
  std::string weights;
  /// Shape of the input in place of [?, 3, size, size].
  std::vector<InputShape> shapes;
};

/// Builds the network, batch normalisation kept, blocks flat as an import has them. Generated weights are He's; running
/// statistics come from a forward pass over seeded noise, so that activations stay finite at any depth. Null after one error
/// through the context's diagnostics. Loads the dialects that it needs.
mlir::OwningOpRef<mlir::ModuleOp> buildArchitecture(const Architecture &architecture, const ArchitectureOptions &options,
                                                    mlir::MLIRContext *context);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ARCHITECTURES_H
