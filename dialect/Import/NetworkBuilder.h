// The parts of a residual network, built from a description. Private to the import of architectures.

#ifndef RESNET_DIALECT_IMPORT_NETWORKBUILDER_H
#define RESNET_DIALECT_IMPORT_NETWORKBUILDER_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/Architectures.h"
#include "dialect/Import/Parameters.h"
#include "dialect/Import/RunningStatistics.h"

namespace resnet {

/// Builds values at the insertion point. Locations are the names that a module of torch would have.
class NetworkBuilder {
public:
  NetworkBuilder(const Architecture &architecture, ParameterSource &source, mlir::MLIRContext *context)
      : builder(context), architecture(architecture), source(source) {}

  mlir::Value stem(mlir::Value input);
  mlir::Value stage(mlir::Value input, size_t index);
  mlir::Value head(mlir::Value input);

  mlir::Location name(const llvm::Twine &text) { return mlir::NameLoc::get(builder.getStringAttr(text)); }

  mlir::OpBuilder builder;
  ParameterValues parameters;

private:
  /// A convolution that keeps the map at stride 1, but for what the padding "same" does.
  struct Convolution {
    int64_t filters, kernel = 1, stride = 1, dilation = 1, groups = 1;
    ParameterRole role = ParameterRole::Filter;
  };
  struct Block;

  mlir::Value parameter(const llvm::Twine &name, llvm::ArrayRef<int64_t> shape, ParameterRole role);
  mlir::Value convolution(mlir::Value input, const llvm::Twine &convName, const Convolution &convolution);
  /// Top, left, bottom, right.
  llvm::SmallVector<int64_t, 4> padding(mlir::Value input, int64_t kernel, int64_t stride, int64_t dilation) const;

  mlir::Value normalize(mlir::Value input, const llvm::Twine &normName, ParameterRole scale = ParameterRole::Scale);
  mlir::Value batchNorm(mlir::Value input, const llvm::Twine &normName, ParameterRole scale);
  mlir::Value groupNorm(mlir::Value input, const llvm::Twine &normName, int64_t groups, ParameterRole scale);
  /// Instance normalisation for the first half of the channels, batch normalisation for the others.
  mlir::Value instanceBatchNorm(mlir::Value input, const llvm::Twine &normName);
  mlir::Value activate(mlir::Value input, const llvm::Twine &activationName);
  llvm::StringRef activationName() const { return stringifyActivation(architecture.activation); }

  mlir::Value attend(mlir::Value input, const llvm::Twine &prefix);
  mlir::Value squeezeExcitation(mlir::Value mean, const llvm::Twine &prefix);
  mlir::Value efficientChannel(mlir::Value mean, const llvm::Twine &prefix);

  mlir::Value block(mlir::Value input, const Block &block);
  mlir::Value shortcut(mlir::Value input, mlir::Value activated, const Block &block, int64_t filters);
  llvm::SmallVector<Convolution, 3> residualFunction(const Block &block) const;

  const Architecture &architecture;
  ParameterSource &source;
};

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_NETWORKBUILDER_H
