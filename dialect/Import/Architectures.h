// Residual networks as data: what a description says, the built-in ones, users' own, and modules of the dialect made from them.

#ifndef RESNET_DIALECT_IMPORT_ARCHITECTURES_H
#define RESNET_DIALECT_IMPORT_ARCHITECTURES_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/ImportOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>

namespace resnet {

/// The residual function: two 3x3 convolutions, or 1x1 - 3x3 - 1x1.
enum class BlockKind { Basic, Bottleneck };
enum class StemPool { None, Max, Convolution };
/// The paper's options A, B and C; D of ResNet-D; none in plain networks.
enum class ShortcutOption { ZeroPadding, Projection, ProjectionEverywhere, AveragePool, None };
enum class AttentionKind { None, SqueezeExcitation, EfficientChannel };
enum class NormalizationKind { Batch, InstanceBatch, Group };

/// A residual network, field by field as architectures/architecture.schema.json describes it. Parameters are named as in
/// torchvision (`layer1.0.conv1.weight`), and as in timm where torchvision has none.
struct Architecture {
  struct StemConvolution {
    int64_t width, kernel, stride;
  };
  struct Stage {
    int64_t blocks, width, stride;
  };
  struct Attention {
    AttentionKind kind = AttentionKind::None;
    Activation gate = Activation::Sigmoid; // or HardSigmoid
    int64_t reduction = 0, divisor = 0;    // squeeze-and-excitation
    bool bias = false;
    std::optional<int64_t> kernel; // efficient channel attention
    int64_t gamma = 0, beta = 0;

    /// Channels between the two convolutions of squeeze-and-excitation.
    int64_t squeezedChannels(int64_t channels) const;
    /// Neighbours that efficient channel attention reads.
    int64_t channelKernel(int64_t channels) const;
  };
  /// How a stage's convolutions are placed once strides beyond the output stride have become dilations.
  struct StageWindows {
    int64_t stride, firstDilation, dilation;
  };

  std::string name;
  int64_t inputChannels, imageSize; // height and width where the user gives none
  llvm::SmallVector<StemConvolution, 3> stem;
  StemPool stemPool;
  BlockKind block;
  bool preActivation, strideOnFirst;
  int64_t expansion, groups, baseWidth;
  llvm::SmallVector<Stage, 4> stages;
  std::optional<int64_t> outputStride;
  ShortcutOption shortcut;
  bool shortcutNormalization;
  Attention attention;
  NormalizationKind normalization;
  int64_t normalizationGroups = 1;
  float epsilon;
  Activation activation;
  bool convolutionBias, samePadding;
  int64_t classes;
  std::string classifier; // name of the last layer
  bool softmax;

  int64_t outputWidth(const Stage &stage) const { return stage.width * expansion; }
  /// Channels between a block's convolutions.
  int64_t innerWidth(const Stage &stage) const;
  int64_t stemStride() const;
  /// One for each stage.
  llvm::SmallVector<StageWindows, 4> stageWindows() const;
  /// Weights of each stage's convolutions, about.
  llvm::SmallVector<int64_t, 4> stageWeights() const;
  /// Channels of the widest map.
  int64_t widestMap() const;
  /// Weights of the convolutions in the blocks, about.
  int64_t numWeights() const;
  /// Multiplications of these convolutions for an image of size x size, about.
  int64_t products(int64_t size) const;
  /// The smallest height and width of an image that every operation has a result for.
  int64_t smallestImage() const;
};

/// All built-in architectures, in the order in which they are listed.
llvm::ArrayRef<Architecture> architectures();

/// Null where there is none of this name; `-` and `_` are the same.
const Architecture *findArchitecture(llvm::StringRef name);

/// A built-in architecture's name or, where it ends in .json, the file of a description. Errors name the file or say where names
/// are listed.
llvm::Expected<Architecture> loadArchitecture(llvm::StringRef nameOrFile);

/// A description; the error has the wrong field's JSON pointer. `name` is for a description without one.
llvm::Expected<Architecture> parseArchitecture(llvm::StringRef text, llvm::StringRef name);

struct ArchitectureOptions {
  /// Of the generated weights: the same bits on every machine.
  uint64_t seed = 0;
  /// A safetensors file with weights in place of generated ones; empty: none.
  std::string weights;
  /// Shape of the input in place of [?, C, size, size].
  std::vector<InputShape> shapes;
  /// Of generated weights: the size of the residual functions. See generateParameters.
  std::optional<float> residualScale = std::nullopt;
};

/// Builds the network, batch normalisation kept, blocks flat as an import has them. Generated weights are He's; running
/// statistics come from a forward pass over seeded noise, so that activations stay finite at any depth. Null after one error
/// through the context's diagnostics. Loads the dialects that it needs.
mlir::OwningOpRef<mlir::ModuleOp> buildArchitecture(const Architecture &architecture, const ArchitectureOptions &options,
                                                    mlir::MLIRContext *context);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ARCHITECTURES_H
