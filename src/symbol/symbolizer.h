// From a place in a module of a trace to the function there.
//
// Files are opened once each, and only believed when they are the ones that ran (build-id, or size
// and time when there is none); otherwise code is shown as module+offset, and one warning says why.
// A place that no symbol covers belongs to the nearest learned entry before it, see learn_entry.
//
// Functions are numbered; the same function of the same file has one number in all processes. Names
// are made on demand. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbol/elf_functions.h"
#include "trace/program.h"

namespace tiptoe::symbol {

using FunctionId = u32;

struct Function {
  std::string name;         // demangled; module+0xoffset when there is no symbol
  std::string module;       // the file's name without folders, or [anonymous]
  std::string module_path;  // empty when there is no file
  u64 address = 0;          // in the file's own addresses
  bool named = false;       // a symbol says the name
};

struct Place {
  FunctionId function = 0;
  u64 offset = 0;  // from the function's first byte

  bool is_entry() const { return offset == 0; }
};

class Symbolizer {
 public:
  explicit Symbolizer(const trace::Program& program);
  ~Symbolizer();

  // Something called this address: a function begins here, if nothing else is known of it. Only
  // before the first find().
  void learn_entry(u32 module, u64 pc);
  // Whether a symbol (or an unwind table) covers this address.
  bool is_covered(u32 module, u64 pc);

  // `module`: index into Program::modules, or trace::kNone.
  Place find(u32 module, u64 pc);
  const Function& function(FunctionId id) const { return functions_[id]; }
  size_t function_count() const { return functions_.size(); }

  // One line each: files that are gone or have changed.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct File;

  File& file_of(u32 module);
  std::unique_ptr<File> open_file(const trace::Module& module);
  void read_functions(File& file, const trace::Module& module);
  bool is_same_file(const trace::Module& module);
  u64 file_address(const File& file, u32 module, u64 pc) const;
  FunctionId intern(File& file, u32 index);
  FunctionId intern_unknown(File& file, u64 address);
  FunctionId add_function(const File& file, u64 address, const std::string& name);

  const trace::Program& program_;
  std::map<std::string, std::unique_ptr<File>> files_;      // by path and identity
  std::map<std::string, std::vector<u64>> anonymous_ends_;  // by file key: where the mappings end
  std::vector<File*> file_of_module_;
  std::vector<Function> functions_;
  std::vector<std::string> warnings_;
};

}  // namespace tiptoe::symbol
