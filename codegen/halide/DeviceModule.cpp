// The host's part of a lowered module is a list of lets and calls. The device's code is text in a buffer of the module.

#include "codegen/halide/DeviceModule.h"
#include <cctype>
#include <cstring>
#include <map>
#include <vector>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

static bool endsWith(const std::string &text, const char *end) {
  const size_t length = std::strlen(end);
  return text.size() >= length && text.compare(text.size() - length, length, end) == 0;
}

namespace {
class Reduction : public IRMutator {
public:
  std::vector<std::string> launched; // kernels, in order

private:
  using IRMutator::visit;

  // Of constraints and of copies, whose message is no status of a launch.
  Stmt visit(const AssertStmt *op) override {
    const Variable *status = op->message.as<Variable>();
    return status && !isCopy(status->name) ? IRMutator::visit(op) : Evaluate::make(0);
  }
  Stmt visit(const LetStmt *op) override { return isCopy(op->name) ? mutate(op->body) : IRMutator::visit(op); }
  Stmt visit(const Evaluate *op) override {
    const Call *call = op->value.as<Call>();
    return call && call->name == Call::buffer_set_device_dirty ? Evaluate::make(0) : IRMutator::visit(op);
  }
  static bool isCopy(const std::string &name) { return name.compare(0, 21, "halide_copy_to_device") == 0; }

  Expr visit(const StringImm *op) override {
    if (inLaunch)
      launched.push_back(op->value);
    return op;
  }
  Expr visit(const Call *op) override {
    inLaunch = endsWith(op->name, "_run");
    const Expr result = IRMutator::visit(op);
    inLaunch = false;
    return result;
  }
  bool inLaunch = false;

  Stmt visit(const For *op) override { throw CompileError("a device kernel leaves a loop over " + op->name + " to the host"); }
  Stmt visit(const Allocate *op) override { throw CompileError("a device kernel allocates " + op->name + " on the host"); }
};

/// Gives the launched kernel another name, and tells its code's new size.
class Naming : public IRMutator {
public:
  std::string from, to;
  int64_t codeBytes = 0;

private:
  using IRMutator::visit;
  Expr visit(const StringImm *op) override { return op->value == from ? StringImm::make(to) : Expr(op); }
  Expr visit(const Call *op) override {
    if (!endsWith(op->name, "_initialize_kernels"))
      return IRMutator::visit(op);
    std::vector<Expr> args = op->args;
    args.back() = make_const(args.back().type(), codeBytes);
    return Call::make(op->type, op->name, args, op->call_type);
  }
};
} // namespace

// Temporaries of OpenCL C are _N and _tN with N from a counter of the process: numbers them by their appearance instead.
static std::string renumbered(const std::string &text) {
  const auto inName = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  std::map<std::string, size_t> numbers;
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && inName(text[end]))
      ++end;
    if (end == i) {
      result += text[i++];
      continue;
    }
    const std::string name = text.substr(i, end - i);
    i = end;
    const size_t digits = name.starts_with("_t") ? 2 : 1;
    if (name[0] == '_' && name.size() > digits && name.find_first_not_of("0123456789", digits) == std::string::npos)
      result += name.substr(0, digits) + std::to_string(numbers.try_emplace(name, numbers.size()).first->second);
    else
      result += name;
  }
  return result;
}

// The device's code with another name for the kernel, and the same bytes whatever was compiled before; its length may change.
static Buffer<> renamed(const Buffer<> &code, const std::string &from, const std::string &to) {
  std::string text(static_cast<const char *>(code.data()), code.size_in_bytes());
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  text = renumbered(text);
  Buffer<uint8_t> result(static_cast<int>(text.size()), code.name());
  std::memcpy(result.data(), text.data(), text.size());
  return result;
}

Module codegen::launchOnly(const Module &module, const std::string &symbol) {
  Module result(module.name(), module.target().without_feature(::Halide::Target::NoAsserts));
  std::vector<LoweredFunc> functions = module.functions();
  Reduction reduction;
  for (LoweredFunc &f : functions)
    f.body = reduction.mutate(f.body);
  if (reduction.launched.size() != 1)
    throw CompileError("a device kernel consists of " + std::to_string(reduction.launched.size()) + " launches");
  Naming naming;
  naming.from = reduction.launched.front(), naming.to = symbol;
  for (Buffer<> buffer : module.buffers()) {
    if (endsWith(buffer.name(), "_source_kernels")) {
      buffer = renamed(buffer, naming.from, symbol);
      naming.codeBytes = static_cast<int64_t>(buffer.size_in_bytes());
    }
    result.append(buffer);
  }
  for (LoweredFunc &f : functions) {
    f.body = naming.mutate(f.body);
    result.append(f);
  }
  return result;
}
