// tiptoe path: every instruction executed, in order.
#include <Zydis/Zydis.h>

#include <memory>
#include <unordered_map>

#include "analysis/path.h"
#include "cli/output.h"
#include "cli/trace_input.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

struct Options {
  InputOptions input;
  bool raw = false;
  u64 from = 0;
  u64 count = ~u64{0};
};

// One bare lower-case hexadecimal pc a line, fast.
void print_raw(u64 pc) {
  char text[17];
  char* at = text + sizeof text;
  *--at = '\n';
  do {
    *--at = "0123456789abcdef"[pc & 15];
    pc >>= 4;
  } while (pc != 0);
  print({at, static_cast<size_t>(text + sizeof text - at)});
}

class Disassembler {
 public:
  explicit Disassembler(TraceInput& input, u32 image) : input_(input), image_(image) {
    ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderInit(&decoder_32_, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    ZydisFormatterInit(&formatter_, ZYDIS_FORMATTER_STYLE_INTEL);
  }

  // The rest of an instruction's line; made once for each instruction of a block.
  const std::string& line(const analysis::Step& step) {
    if (!step.lasting) return outside_ = make_line(step);
    const auto [line, is_new] = lines_.try_emplace(step.bytes.data());
    if (is_new) line->second = make_line(step);
    return line->second;
  }

 private:
  std::string make_line(const analysis::Step& step) {
    const analysis::CodeMap& code = input_.code();
    const symbol::Place place =
        step.lasting ? input_.symbols().find(step.module, step.pc) : code.place_of(image_, step.pc);
    const std::string name = printable(input_.symbols().function(place.function).name);
    const std::string where = place.offset == 0 ? name : name + "+" + hex(place.offset);
    return right(hex(step.pc), 18) + "  " + left(where, 40) + "  " + disassemble(step) + "\n";
  }

  std::string disassemble(const analysis::Step& step) {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[256];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(step.is_32_bit ? &decoder_32_ : &decoder_,
                                             step.bytes.data(), step.bytes.size(), &instruction,
                                             operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter_, &instruction, operands,
                                                      instruction.operand_count_visible, text,
                                                      sizeof text, step.pc, nullptr))) {
      return "(bytes " +
             hex_bytes({reinterpret_cast<const char*>(step.bytes.data()), step.bytes.size()}) + ")";
    }
    return text;
  }

  TraceInput& input_;
  u32 image_;
  ZydisDecoder decoder_, decoder_32_;
  ZydisFormatter formatter_;
  std::unordered_map<const u8*, std::string> lines_;
  std::string outside_;
};

int path(const Options& options) {
  const auto opened = TraceInput::open_flow(options.input);
  if (!opened) return fail(opened.error().message, kFailed);
  TraceInput& input = **opened;
  const trace::Program& program = input.program();
  if (!options.raw) input.code();
  analysis::PathRange range{options.from, options.count};
  trace::Integrity problems;
  for (const u32 index : input.streams()) {
    const trace::Stream& stream = program.streams[index];
    Disassembler disassembler(input, stream.image);
    bool titled = options.raw;
    const auto title = [&] {
      if (!titled) {
        print("# " + printable(analysis::stream_title(program, stream)) + ", stream " +
              analysis::stream_name(program, stream) + "\n");
      }
      titled = true;
    };
    const auto step = [&](const analysis::Step& step) {
      if (options.raw) {
        print_raw(step.pc);
      } else {
        title();
        print(disassembler.line(step));
      }
      return true;
    };
    const auto event = [&](const std::string& text) {
      if (options.raw) return;
      title();
      print("# " + text + "\n");
    };
    analysis::walk_path(input.reader(), program, stream, range, step, event, problems);
    if (range.count == 0) break;
  }
  return input.conclude(problems);
}

}  // namespace

void add_path_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("path", "Every instruction executed, in order");
  verb->footer(
      "Each line: app pc, symbol+offset, instruction. A rep-prefixed instruction is one line. "
      "Threads\n"
      "are shown one after another; --from and --count then count through all of them.");
  add_file_option(*verb, options->input);
  verb->add_flag("--raw", options->raw, "Print one bare hexadecimal app pc a line, nothing else");
  verb->add_option("--from", options->from, "Leave out this many instructions first");
  verb->add_option("--count", options->count, "Show at most this many instructions");
  add_thread_option(*verb, options->input);
  add_process_option(*verb, options->input);
  verb->callback([options, &status] { status = path(*options); });
}

}  // namespace tiptoe::cli
