// Products of constant matrices and vectors of expressions: what Winograd's transforms are made of.

#ifndef RESNET_CODEGEN_HALIDE_CONSTANTMATRIX_H
#define RESNET_CODEGEN_HALIDE_CONSTANTMATRIX_H

#include "codegen/schedules/WinogradTransform.h"
#include <Halide.h>
#include <vector>

namespace resnet::codegen {

/// matrix * terms. Points x and -x share their even and odd parts: two rows (of B, G) become a sum and a difference, and so do
/// two columns (of A).
std::vector<Halide::Expr> multiply(const Matrix &matrix, std::vector<Halide::Expr> terms);

/// values[index] for an index that is unrolled.
Halide::Expr pick(const Halide::Expr &index, const std::vector<Halide::Expr> &values);

/// matrix * (term(0), term(1), ...), of which `index` is wanted.
template <typename Term> Halide::Expr transform(const Matrix &matrix, const Halide::Expr &index, Term term) {
  std::vector<Halide::Expr> terms;
  for (int j = 0; j < static_cast<int>(matrix[0].size()); ++j)
    terms.push_back(term(j));
  return pick(index, multiply(matrix, terms));
}

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_CONSTANTMATRIX_H
