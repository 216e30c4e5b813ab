// Sums of few terms: zeros are left out, ones are not multiplied, and rows that differ in signs share what they can.

#include "codegen/halide/ConstantMatrix.h"
#include <cmath>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

Expr addTerm(const Expr &sum, double coefficient, const Expr &term) {
  if (coefficient == 0)
    return sum;
  const double magnitude = std::abs(coefficient);
  const Expr scaled = magnitude == 1 ? term : term * static_cast<float>(magnitude);
  if (!sum.defined())
    return coefficient > 0 ? scaled : -scaled;
  return coefficient > 0 ? sum + scaled : sum - scaled;
}

Expr dot(const std::vector<double> &row, const std::vector<Expr> &terms) {
  Expr sum;
  for (int sign : {1, -1}) // begin with a term that needs no negation
    for (size_t j = 0; j < row.size(); ++j)
      if (row[j] * sign > 0)
        sum = addTerm(sum, row[j], terms[j]);
  return sum.defined() ? sum : Expr(0.f);
}

bool sameMagnitudes(const std::vector<double> &a, const std::vector<double> &b) {
  bool same = false, opposite = false, equal = true;
  for (size_t j = 0; j < a.size(); ++j) {
    equal &= std::abs(a[j]) == std::abs(b[j]);
    same |= a[j] != 0 && a[j] == b[j];
    opposite |= a[j] != 0 && a[j] == -b[j];
  }
  return equal && same && opposite;
}

Matrix transposed(const Matrix &m) {
  Matrix t(m[0].size());
  for (size_t j = 0; j < t.size(); ++j)
    for (const std::vector<double> &row : m)
      t[j].push_back(row[j]);
  return t;
}

} // namespace

std::vector<Expr> codegen::multiply(const Matrix &matrix, std::vector<Expr> terms) {
  Matrix columns = transposed(matrix);
  for (size_t j = 0; j < columns.size(); ++j)
    for (size_t k = j + 1; k < columns.size(); ++k)
      if (matrix.size() > 2 && sameMagnitudes(columns[j], columns[k])) {
        const Expr sum = terms[j] + terms[k], difference = terms[j] - terms[k];
        terms[j] = sum, terms[k] = difference;
        for (size_t i = 0; i < matrix.size(); ++i) {
          const double a = columns[j][i], b = columns[k][i];
          columns[j][i] = a == b ? a : 0;
          columns[k][i] = a == b ? 0 : a;
        }
      }
  const Matrix rows = transposed(columns);
  std::vector<Expr> result(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t k = i + 1; k < rows.size() && !result[i].defined(); ++k)
      if (!result[k].defined() && sameMagnitudes(rows[i], rows[k])) {
        std::vector<double> shared(terms.size()), differing(terms.size());
        for (size_t j = 0; j < terms.size(); ++j)
          (rows[i][j] == rows[k][j] ? shared : differing)[j] = rows[i][j];
        const Expr even = dot(shared, terms), odd = dot(differing, terms);
        result[i] = even + odd, result[k] = even - odd;
      }
    if (!result[i].defined())
      result[i] = dot(rows[i], terms);
  }
  return result;
}

Expr codegen::pick(const Expr &index, const std::vector<Expr> &values) {
  Expr e = values.back();
  for (int i = static_cast<int>(values.size()) - 2; i >= 0; --i)
    e = select(index == i, values[i], e);
  return e;
}
