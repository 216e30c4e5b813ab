// Custom assembly directives: windows, integer lists, constants, packed filters. Included by ResNetDialect.cpp alone.

#ifndef RESNET_DIALECT_IR_ASSEMBLY_H
#define RESNET_DIALECT_IR_ASSEMBLY_H

#include "dialect/IR/Layouts.h"

namespace resnet::assembly {

// `[1, 2]`
inline mlir::ParseResult parseIntegers(mlir::OpAsmParser &parser, mlir::DenseI64ArrayAttr &values) {
  llvm::SmallVector<int64_t> list;
  if (parser.parseCommaSeparatedList(mlir::AsmParser::Delimiter::Square,
                                     [&] { return parser.parseInteger(list.emplace_back()); }))
    return mlir::failure();
  values = parser.getBuilder().getDenseI64ArrayAttr(list);
  return mlir::success();
}

inline void printIntegers(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::DenseI64ArrayAttr values) {
  printer << '[';
  llvm::interleaveComma(values.asArrayRef(), printer);
  printer << ']';
}

// `stride [2, 2] pad [1, 1, 1, 1] dilation [1, 1]`, each only where it differs from the default.
inline mlir::ParseResult parseWindow(mlir::OpAsmParser &parser, mlir::DenseI64ArrayAttr &strides,
                                     mlir::DenseI64ArrayAttr &padding, mlir::DenseI64ArrayAttr &dilations) {
  strides = dilations = parser.getBuilder().getDenseI64ArrayAttr({1, 1});
  padding = parser.getBuilder().getDenseI64ArrayAttr({0, 0, 0, 0});
  if (mlir::succeeded(parser.parseOptionalKeyword("stride")) && parseIntegers(parser, strides))
    return mlir::failure();
  if (mlir::succeeded(parser.parseOptionalKeyword("pad")) && parseIntegers(parser, padding))
    return mlir::failure();
  if (mlir::succeeded(parser.parseOptionalKeyword("dilation")) && parseIntegers(parser, dilations))
    return mlir::failure();
  return mlir::success();
}

inline mlir::ParseResult parseWindow(mlir::OpAsmParser &parser, mlir::DenseI64ArrayAttr &strides,
                                     mlir::DenseI64ArrayAttr &padding) {
  mlir::DenseI64ArrayAttr dilations;
  return parseWindow(parser, strides, padding, dilations);
}

inline void printWindow(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::DenseI64ArrayAttr strides,
                        mlir::DenseI64ArrayAttr padding, mlir::DenseI64ArrayAttr dilations = {}) {
  auto print = [&](llvm::StringRef keyword, mlir::DenseI64ArrayAttr values, int64_t standard) {
    if (!values || allEqual(values.asArrayRef(), standard))
      return;
    printer << keyword << ' ';
    printIntegers(printer, op, values);
    printer << ' ';
  };
  print("stride", strides, 1);
  print("pad", padding, 0);
  print("dilation", dilations, 1);
}

// `block = 16, input_block = 16, groups = 2`, the latter two only where they are not 1.
inline mlir::ParseResult parseFilterLayout(mlir::AsmParser &parser, int64_t &block, int64_t &inputBlock, int64_t &groups) {
  inputBlock = groups = 1;
  auto number = [&](int64_t &value) -> mlir::ParseResult {
    return mlir::failure(parser.parseEqual() || parser.parseInteger(value));
  };
  if (parser.parseKeyword("block") || number(block))
    return mlir::failure();
  bool comma = mlir::succeeded(parser.parseOptionalComma());
  if (comma && mlir::succeeded(parser.parseOptionalKeyword("input_block"))) {
    if (number(inputBlock))
      return mlir::failure();
    comma = mlir::succeeded(parser.parseOptionalComma());
  }
  return comma && (parser.parseKeyword("groups") || number(groups)) ? mlir::failure() : mlir::success();
}

inline void printFilterLayout(mlir::AsmPrinter &printer, int64_t block, int64_t inputBlock, int64_t groups) {
  printer << "block = " << block;
  if (inputBlock != 1)
    printer << ", input_block = " << inputBlock;
  if (groups != 1)
    printer << ", groups = " << groups;
}

// `dense<...> : tensor<...>`, followed by `as tensor<..., #encoding>` where the result is encoded.
inline mlir::ParseResult parseConstantValue(mlir::OpAsmParser &parser, mlir::ElementsAttr &value, mlir::Type &type) {
  if (parser.parseAttribute(value))
    return mlir::failure();
  type = value.getType();
  return mlir::succeeded(parser.parseOptionalKeyword("as")) ? parser.parseType(type) : mlir::success();
}

inline void printConstantValue(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::ElementsAttr value, mlir::Type type) {
  printer << value;
  if (type != value.getType())
    printer << " as " << type;
}

inline mlir::ParseResult parseGlobalValue(mlir::OpAsmParser &parser, mlir::ElementsAttr &value, mlir::TypeAttr &type) {
  mlir::Type parsed;
  if (parseConstantValue(parser, value, parsed))
    return mlir::failure();
  type = mlir::TypeAttr::get(parsed);
  return mlir::success();
}

inline void printGlobalValue(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::ElementsAttr value, mlir::TypeAttr type) {
  printConstantValue(printer, op, value, type.getValue());
}

} // namespace resnet::assembly

#endif // RESNET_DIALECT_IR_ASSEMBLY_H
