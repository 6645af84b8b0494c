// Compression of section payloads. One object per thread: it keeps its working memory between
// calls.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/types.h"

namespace tiptoe::trace {

enum class Codec : u8 { kNone = 0, kZstd = 1, kLz4 = 2 };

class Compressor {
 public:
  Compressor();
  ~Compressor();

  // Returns the codec really used: kNone when compression did not pay, and `out` is then unused.
  Codec compress(Codec wanted, std::span<const u8> raw, std::vector<u8>& out);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();

  // Fills exactly `raw`; false when the stored bytes are not what a Compressor made of raw.size()
  // bytes. Safe on hostile input: writes nowhere else, needs no memory that grows with the input.
  [[nodiscard]] bool decompress(Codec codec, std::span<const u8> stored, std::span<u8> raw);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace tiptoe::trace
