#include "trace/codec.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>

namespace tiptoe::trace {
namespace {

constexpr int kZstdLevel = 1;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct Compressor::Contexts {
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd{ZSTD_createCCtx()};
};

Compressor::Compressor() : contexts_(std::make_unique<Contexts>()) {}
Compressor::~Compressor() = default;

Codec Compressor::compress(Codec wanted, std::span<const u8> raw, std::vector<u8>& out) {
  if (wanted == Codec::kNone || raw.empty()) return Codec::kNone;
  const bool zstd = wanted == Codec::kZstd;
  out.resize(zstd ? ZSTD_compressBound(raw.size())
                  : static_cast<size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
  size_t used = 0;
  if (zstd) {
    used = ZSTD_compressCCtx(contexts_->zstd.get(), out.data(), out.size(), raw.data(), raw.size(),
                             kZstdLevel);
    if (ZSTD_isError(used)) used = 0;
  } else {
    used = static_cast<size_t>(LZ4_compress_default(
        reinterpret_cast<const char*>(raw.data()), reinterpret_cast<char*>(out.data()),
        static_cast<int>(raw.size()), static_cast<int>(out.size())));
  }
  if (used == 0 || used >= raw.size()) return Codec::kNone;
  out.resize(used);
  return wanted;
}

struct Decompressor::Contexts {
  std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd{ZSTD_createDCtx()};
};

Decompressor::Decompressor() : contexts_(std::make_unique<Contexts>()) {}
Decompressor::~Decompressor() = default;

bool Decompressor::decompress(Codec codec, std::span<const u8> stored, std::span<u8> raw) {
  switch (codec) {
    case Codec::kNone:
      if (stored.size() != raw.size()) return false;
      std::copy(stored.begin(), stored.end(), raw.begin());
      return true;
    case Codec::kZstd:
      return ZSTD_decompressDCtx(contexts_->zstd.get(), raw.data(), raw.size(), stored.data(),
                                 stored.size()) == raw.size();
    case Codec::kLz4:
      return LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()),
                                 reinterpret_cast<char*>(raw.data()),
                                 static_cast<int>(stored.size()),
                                 static_cast<int>(raw.size())) == static_cast<int>(raw.size());
  }
  return false;
}

}  // namespace tiptoe::trace
