// .npy by the standard: magic, version, length of the header, a Python literal dictionary with exactly the keys descr,
// fortran_order and shape, then the elements.

#include "tools/resnet-run/Npy.h"
#include "tools/resnet-run/OutputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <cstring>
#include <optional>

using llvm::StringRef;

namespace resnet {

namespace {

constexpr StringRef kMagic("\x93NUMPY", 6);
/// NumPy's own limit for arrays.
constexpr size_t kMaxRank = 32;

struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the one dictionary that a header is.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  std::optional<Header> parse() {
    Header header;
    bool haveDescr = false, haveOrder = false, haveShape = false;
    if (!take('{'))
      return std::nullopt;
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return std::nullopt;
      if (key == "descr" && !haveDescr)
        haveDescr = string(header.descr);
      else if (key == "fortran_order" && !haveOrder)
        haveOrder = boolean(header.fortranOrder);
      else if (key == "shape" && !haveShape)
        haveShape = tuple(header.shape);
      else
        return std::nullopt;
      if (!take(',') && !peek('}'))
        return std::nullopt;
    }
    skipSpace();
    if (!rest.empty() || !haveDescr || !haveOrder || !haveShape)
      return std::nullopt;
    return header;
  }

private:
  void skipSpace() { rest = rest.ltrim(" \t\r\n"); }
  bool peek(char c) {
    skipSpace();
    return rest.starts_with(StringRef(&c, 1));
  }
  bool take(char c) {
    if (!peek(c))
      return false;
    rest = rest.drop_front();
    return true;
  }
  bool string(std::string &value) {
    skipSpace();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1);
    return value.find('\\') == std::string::npos;
  }
  bool boolean(bool &value) {
    skipSpace();
    if (rest.consume_front("True"))
      return value = true;
    value = false;
    return rest.consume_front("False");
  }
  bool tuple(std::vector<int64_t> &values) {
    if (!take('('))
      return false;
    bool comma = true;
    while (!take(')')) {
      uint64_t value;
      skipSpace();
      if (!comma || values.size() == kMaxRank || rest.empty() || !llvm::isDigit(rest[0]) || rest.consumeInteger(10, value) ||
          value > uint64_t(INT64_MAX))
        return false;
      values.push_back(int64_t(value));
      comma = take(',');
    }
    return values.size() != 1 || comma; // (3) is a number in Python, (3,) a tuple
  }

  StringRef rest;
};

llvm::Error error(StringRef name, const llvm::Twine &message) {
  return llvm::createStringError("'" + name.str() + "': " + message.str());
}

/// Copies column-major elements to row-major order.
void transpose(const char *from, std::vector<char> &to, llvm::ArrayRef<int64_t> shape, unsigned itemBytes) {
  std::vector<int64_t> stride(shape.size()), index(shape.size());
  int64_t step = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    stride[d] = step;
    step *= shape[d];
  }
  int64_t source = 0;
  for (size_t i = 0; i < to.size(); i += itemBytes) {
    std::memcpy(&to[i], from + source * itemBytes, itemBytes);
    for (size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d])
        break;
      source -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

} // namespace

int64_t NpyArray::elements() const { return int64_t(data.size() / itemBytes); }

std::string formatShape(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + (shape[i] == -1 ? "?" : std::to_string(shape[i]));
  return text + "]";
}

llvm::Expected<NpyArray> parseNpy(StringRef contents, StringRef name) {
  if (!contents.starts_with(kMagic))
    return error(name, "not a .npy file: it does not begin with \\x93NUMPY");
  if (contents.size() < 8)
    return error(name, "truncated .npy file: no version");
  unsigned major = uint8_t(contents[6]), minor = uint8_t(contents[7]);
  if (major < 1 || major > 3 || minor != 0)
    return error(name, "expected .npy format 1.0, 2.0 or 3.0, found " + llvm::Twine(major) + "." + llvm::Twine(minor));
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (contents.size() < 8 + lengthBytes)
    return error(name, "truncated .npy file: no header");
  size_t length =
      major == 1 ? llvm::support::endian::read16le(contents.data() + 8) : llvm::support::endian::read32le(contents.data() + 8);
  StringRef body = contents.drop_front(8 + lengthBytes);
  if (length > body.size())
    return error(name, "truncated .npy file: its header has " + llvm::Twine(length) + " bytes, " + llvm::Twine(body.size()) +
                           " are left");
  std::optional<Header> header = HeaderParser(body.take_front(length)).parse();
  if (!header)
    return error(name, "malformed .npy header: expected a dictionary of 'descr' (a plain type), 'fortran_order' and 'shape'");
  body = body.drop_front(length);

  NpyArray array;
  array.type = header->descr;
  StringRef type = header->descr;
  char order = type.empty() ? 0 : type[0];
  unsigned bytes = 0;
  if (type.size() < 3 || !StringRef("<>=|").contains(order) || !StringRef("biufc").contains(type[1]) ||
      type.drop_front(2).getAsInteger(10, bytes) || bytes == 0 || bytes > 16 || !llvm::isPowerOf2_32(bytes) ||
      (order == '|' && bytes != 1))
    return error(name, "unsupported element type '" + type + "': expected a number, e.g. '<f4'");
  array.kind = type[1];
  array.itemBytes = bytes;
  array.shape = header->shape;

  uint64_t total = bytes;
  for (int64_t extent : array.shape)
    if (__builtin_mul_overflow(total, uint64_t(extent), &total))
      return error(name, "the size of shape " + formatShape(array.shape) + " overflows");
  if (total != body.size())
    return error(name, (total > body.size() ? "truncated .npy file: shape " : "trailing bytes: shape ") +
                           formatShape(array.shape) + " of '" + type + "' has " + llvm::Twine(total) + " bytes, the file has " +
                           llvm::Twine(body.size()));
  if (header->fortranOrder && array.shape.size() > 1) {
    array.data.resize(total);
    transpose(body.data(), array.data, array.shape, bytes);
  } else {
    array.data.assign(body.begin(), body.end());
  }
  if (order == '>') {
    unsigned unit = array.kind == 'c' ? bytes / 2 : bytes;
    for (size_t i = 0; i < total; i += unit)
      std::reverse(array.data.begin() + i, array.data.begin() + i + unit);
  }
  return array;
}

llvm::Expected<NpyArray> readNpy(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error(path, "cannot read: " + buffer.getError().message());
  return parseNpy((*buffer)->getBuffer(), path);
}

llvm::Expected<NpyArray> readNpyF32(StringRef path) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (array && !array->is('f', 4))
    return error(path, "expected element type f32 ('<f4'), found '" + array->type + "'");
  return array;
}

llvm::Error writeNpy(StringRef path, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i)
    header += (i ? ", " : "") + std::to_string(shape[i]);
  header += shape.size() == 1 ? ",), }" : "), }";
  // The elements start at a multiple of 64; the header ends with a newline.
  size_t padded = llvm::alignTo(10 + header.size() + 1, 64);
  header.append(padded - 10 - header.size() - 1, ' ');
  header += '\n';
  char length[2];
  llvm::support::endian::write16le(length, uint16_t(header.size()));
  return writeFile(path, {kMagic, StringRef("\x01\x00", 2), StringRef(length, 2), header,
                          StringRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float))});
}

} // namespace resnet
