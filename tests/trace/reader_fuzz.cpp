#include "trace/reader_fuzz.h"

#include "analysis/call_tree.h"
#include "analysis/info.h"
#include "analysis/learn_entries.h"
#include "analysis/path.h"
#include "analysis/report.h"
#include "export/flame.h"

namespace tiptoe::testing {

u64 read_everything(const std::filesystem::path& path) {
  const auto reader = trace::Reader::open(path);
  if (!reader) return 0;
  const trace::Program program = trace::Program::load(*reader);
  const auto streams = *analysis::select_streams(program, {});
  symbol::Symbolizer symbols(program);
  analysis::learn_entries(*reader, program, streams, symbols);
  const analysis::CodeMap code(program, symbols);
  u64 sum = analysis::count_everything(*reader, program).total.instructions;
  sum += analysis::make_report(*reader, program, streams, code, analysis::GroupBy::kThread)
             .groups.size();
  const auto tree = analysis::make_call_tree(*reader, program, streams, code, {});
  sum += exporter::make_flame_graph(exporter::flame_frames(tree, program, symbols), {}).size();
  analysis::PathRange range{0, 100'000};
  trace::Integrity problems;
  for (const u32 stream : streams) {
    analysis::walk_path(
        *reader, program, program.streams[stream], range,
        [&](const analysis::Step& step) {
          sum += step.pc;
          return true;
        },
        [&](const std::string& text) { sum += text.size(); }, problems);
  }
  return sum;
}

}  // namespace tiptoe::testing

#ifdef TIPTOE_LIBFUZZER
// clang++ -fsanitize=fuzzer,address -DTIPTOE_LIBFUZZER ... tests/trace/reader_fuzz.cpp
#include <fstream>

#include "support/trace_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const auto path = tiptoe::testing::temporary_file("fuzzed.trace");
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  tiptoe::testing::read_everything(path);
  return 0;
}
#endif
