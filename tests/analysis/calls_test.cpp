// The shadow stack and the call tree: whatever a program does to its stack, calls stay balanced.
//
// Functions are called by the last digits of where they begin. A tree is drawn as
// "1000{2000*3{3000}}": 1000 called 2000 three times, which called 3000. "!" is a tail call, "~" a
// jump into the middle, "@" a signal handler.
#include "analysis/call_tree.h"

#include <gtest/gtest.h>

#include "analysis/learn_entries.h"
#include "analysis/report.h"
#include "support/trace_builder.h"

namespace tiptoe::analysis {
namespace {

using testing::TraceBuilder;

// An opened trace, ready to be asked.
struct Opened {
  explicit Opened(const std::filesystem::path& path)
      : reader(*trace::Reader::open(path)),
        program(trace::Program::load(reader)),
        streams(*select_streams(program, {})),
        symbols(program) {
    learn_entries(reader, program, streams, symbols);
    map.emplace(program, symbols);
  }

  CallTree tree(const CallTree::Limits& limits = {}) {
    return make_call_tree(reader, program, streams, *map, limits);
  }

  trace::Reader reader;
  trace::Program program;
  std::vector<u32> streams;
  symbol::Symbolizer symbols;
  std::optional<CodeMap> map;
};

std::string draw(const Opened& opened, const CallTree& tree, u32 parent) {
  std::string text;
  for (u32 at = tree.node(parent).first_child; at != CallTree::kNoNode; at = tree.node(at).next) {
    const CallTree::Node& node = tree.node(at);
    const std::string name = opened.symbols.function(node.function).name;
    text += text.empty() ? "" : " ";
    text += node.kind == EntryKind::kTail     ? "!"
            : node.kind == EntryKind::kJump   ? "~"
            : node.kind == EntryKind::kSignal ? "@"
                                              : "";
    text += name.substr(name.rfind('x') + 1);
    if (node.count != 1) text += "*" + std::to_string(node.count);
    if (node.first_child != CallTree::kNoNode) text += "{" + draw(opened, tree, at) + "}";
  }
  return text;
}

std::string drawn(TraceBuilder& builder, const CallTree::Limits& limits = {}) {
  Opened opened(builder.finish());
  const CallTree tree = opened.tree(limits);
  std::string text;
  for (const CallTree::Root& root : tree.roots()) {
    text += (text.empty() ? "" : " | ") + std::string(root.forked ? "fork " : "") +
            draw(opened, tree, root.node);
  }
  return text;
}

// A function of two blocks: at `pc` a call of `callee`, behind it a return.
struct Caller {
  u32 call;
  u32 rest;
  u64 return_pc;
};

std::string call_hex(u64 from, u64 to) {
  const u32 offset = static_cast<u32>(to - (from + 5));
  char text[16];
  std::snprintf(text, sizeof text, "e8%02x%02x%02x%02x", offset & 0xff, offset >> 8 & 0xff,
                offset >> 16 & 0xff, offset >> 24);
  return text;
}

Caller caller(TraceBuilder& builder, u64 pc, u64 callee) {
  return {builder.block(pc, call_hex(pc, callee)), builder.block(pc + 5, "90 c3"), pc + 5};
}

TEST(Calls, a_return_goes_back_to_the_caller) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const u32 leaf = b.block(0x2000, "90 c3");
  b.run(main.call).run(leaf).run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000}");
}

TEST(Calls, a_loop_of_calls_is_folded_with_its_count) {
  TraceBuilder b;
  const Caller one = caller(b, 0x1000, 0x2000);
  const u32 again = b.block(0x1005, "e8 f6 1f 00 00");  // call 3000
  const u32 back = b.block(0x100a, "75 f4");            // jnz 1000
  const u32 leaf = b.block(0x2000, "c3");
  const u32 other = b.block(0x3000, "c3");
  for (int i = 0; i < 100; ++i) {
    b.run(one.call).run(leaf).run(again).run(other);
    b.run(back, i < 99 ? ExitKind::kBranch : ExitKind::kNotTaken);
  }
  EXPECT_EQ(drawn(b), "1000{2000*100 3000*100}");
}

TEST(Calls, the_order_of_execution_is_kept) {
  TraceBuilder b;
  const u32 first = b.block(0x1000, "e8 fb 0f 00 00");   // call 2000
  const u32 second = b.block(0x1005, "e8 f6 1f 00 00");  // call 3000
  const u32 third = b.block(0x100a, "e8 f1 0f 00 00");   // call 2000
  const u32 leaf = b.block(0x2000, "c3");
  const u32 other = b.block(0x3000, "c3");
  b.run(first).run(leaf).run(second).run(other).run(third).run(leaf);
  EXPECT_EQ(drawn(b), "1000{2000 3000 2000}");
}

TEST(Calls, recursion_nests) {
  TraceBuilder b;
  const u32 main = b.block(0x1000, "e8 fb 0f 00 00");
  const Caller f = caller(b, 0x2000, 0x2000);
  const u32 bottom = b.block(0x2010, "c3");
  const u32 test = b.block(0x2000 - 0, "74 0e");  // another translation: jz 2010
  b.run(main).run(f.call).run(f.call).run(test, ExitKind::kBranch).run(bottom);
  b.run(f.rest).run(f.rest);
  EXPECT_EQ(drawn(b), "1000{2000{2000{2000}}}");
}

TEST(Calls, a_tail_call_returns_to_the_caller_of_its_caller) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const Caller other = caller(b, 0x1010, 0x3000);      // makes 3000 known as a function
  const u32 tail = b.block(0x2000, "e9 fb 0f 00 00");  // jmp 3000
  const u32 leaf = b.block(0x3000, "c3");
  const u32 gap = b.block(0x1005, "eb 09");  // jmp 1010
  b.run(main.call).run(tail).run(leaf).run(gap).run(other.call).run(leaf).run(other.rest);
  EXPECT_EQ(drawn(b), "1000{2000 !3000 3000}");
}

TEST(Calls, a_jump_inside_a_block_to_another_function_is_a_tail_call) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const Caller other = caller(b, 0x1010, 0x3000);
  const u32 both = b.block({{0x2000, "90 e9 fa 0f 00 00"}, {0x3000, "90 c3"}});
  const u32 leaf = b.block(0x3000, "90 c3");
  const u32 gap = b.block(0x1005, "eb 09");
  b.run(main.call).run(both).run(gap).run(other.call).run(leaf).run(other.rest);
  EXPECT_EQ(drawn(b), "1000{2000 !3000 3000}");
}

TEST(Calls, longjmp_unwinds_to_the_frame_it_lands_in) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const Caller f = caller(b, 0x2000, 0x3000);
  const Caller g = caller(b, 0x3000, 0x4000);
  const u32 longjmp = b.block(0x4000, "ff e2");           // jmp rdx
  const u32 landing = b.block(0x1100, "e8 fb 3e 00 00");  // in main's middle: call 5000
  const u32 leaf = b.block(0x5000, "c3");
  b.run(main.call).run(f.call).run(g.call).run(longjmp).run(landing).run(leaf);
  EXPECT_EQ(drawn(b), "1000{2000{3000{4000}} 5000}");
}

TEST(Calls, a_return_over_several_frames_pops_them_all) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const Caller f = caller(b, 0x2000, 0x3000);
  const u32 unwinder = b.block(0x3000, "48 83 c4 08 c3");  // add rsp, 8; ret: skips f
  b.run(main.call).run(f.call).run(unwinder).run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000{3000}}");
}

TEST(Calls, asking_for_the_pc_is_no_call) {
  TraceBuilder b;
  const u32 call = b.block(0x1000, "e8 00 00 00 00");
  const u32 pop = b.block(0x1005, "58 e8 f5 0f 00 00");  // pop rax; call 2000
  const u32 leaf = b.block(0x2000, "c3");
  const u32 rest = b.block(0x100b, "c3");
  b.run(call).run(pop).run(leaf).run(rest);
  EXPECT_EQ(drawn(b), "1000{2000}");
}

TEST(Calls, coroutines_that_switch_stacks_stay_balanced) {
  TraceBuilder b;
  const u32 to_first = b.block(0x1000, "e8 fb 3f 00 00");  // main: call switch (5000)
  const u32 main_again = b.block(0x1005, "e8 f6 3f 00 00");
  const u32 main_end = b.block(0x100a, "c3");
  const u32 co_1 = b.block(0x2000, "e8 fb 2f 00 00");  // coroutine: call switch
  const u32 co_2 = b.block(0x2005, "e8 f6 2f 00 00");
  const u32 sw = b.block(0x5000, "48 89 e0 c3");        // returns to wherever the new stack says
  const u32 maker = b.block(0x1005, "e8 f6 0f 00 00");  // a call that makes 2000 known
  // Runs 20 rounds: the depth must not grow with each.
  b.run(to_first).run(sw).run(co_1).run(sw);
  for (int i = 0; i < 20; ++i) b.run(main_again).run(sw).run(co_2).run(sw);
  b.run(maker).run(co_1).run(sw).run(main_end);
  Opened opened(b.finish());
  const CallTree tree = opened.tree();
  u32 deepest = 0;
  std::vector<std::pair<u32, u32>> work{{tree.roots()[0].node, 0}};
  while (!work.empty()) {
    const auto [node, depth] = work.back();
    work.pop_back();
    deepest = std::max(deepest, depth);
    for (u32 at = tree.node(node).first_child; at != CallTree::kNoNode; at = tree.node(at).next) {
      work.emplace_back(at, depth + 1);
    }
  }
  EXPECT_LE(deepest, 4u);
}

TEST(Calls, a_signal_handler_is_a_call_that_sigreturn_ends) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const u32 work = b.block(0x2000, "90 90 90 c3");
  const u32 handler = b.block(0x3000, "90 c3");
  const u32 restorer = b.block(0x4000, "0f 05");
  const u32 rest = b.block(0x2002, "90 c3");
  b.run(main.call).partial(work, 2).signal(10, 0x2002, 0x3000).run(handler).run(restorer);
  b.sigreturn(0x2002).run(rest).run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000{@3000}}");
}

TEST(Calls, a_signal_between_a_call_and_its_callee_interrupts_the_callee) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const u32 leaf = b.block(0x2000, "90 c3");
  const u32 handler = b.block(0x3000, "90 c3");
  b.run(main.call).signal(10, 0x2000, 0x3000).run(handler).sigreturn(0x2000).run(leaf);
  b.run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000{@3000}}");
}

TEST(Calls, leaving_a_handler_by_longjmp_ends_it) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const u32 work = b.block(0x2000, "90 90 c3");
  const u32 handler = b.block(0x3000, "ff e2");
  const u32 landing = b.block(0x1100, "e8 fb 3e 00 00");
  const u32 leaf = b.block(0x5000, "c3");
  b.run(main.call).partial(work, 1).signal(11, 0x2001, 0x3000).run(handler).run(landing).run(leaf);
  EXPECT_EQ(drawn(b), "1000{2000{@3000} 5000}");
}

TEST(Calls, a_forked_child_begins_in_the_middle_and_returns_to_unknown_callers) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const u32 fork = b.block(0x2000, "0f 05");
  const u32 after = b.block(0x2002, "c3");
  b.run(main.call).run(fork).run(after).run(main.rest);
  b.fork(2, 101, 2, 0x2002).run(after).run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000} | fork 2000 ~1000");
}

TEST(Calls, after_missing_chunks_the_stack_finds_its_way_again) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);
  const Caller f = caller(b, 0x2000, 0x3000);
  const u32 leaf = b.block(0x3000, "c3");
  b.run(main.call).run(f.call).run(leaf).cut(2).run(main.rest);
  EXPECT_EQ(drawn(b), "1000{2000{3000}}");
}

TEST(Calls, many_different_calls_are_folded_by_caller) {
  TraceBuilder b;
  const u32 call = b.block(0x1000, "ff d0");  // call rax
  const u32 next = b.block(0x1002, "eb fc");  // jmp 1000
  std::vector<u32> leaves;
  for (u64 i = 0; i < 40; ++i) leaves.push_back(b.block(0x2000 + 16 * i, "c3"));
  u32 state = 1;
  for (int i = 0; i < 2000; ++i) {
    state = state * 1664525 + 1013904223;
    b.run(call).run(leaves[(state >> 16) % leaves.size()]).run(next);
  }
  Opened opened(b.finish());
  const CallTree exact = opened.tree();
  const CallTree folded = opened.tree({.exact_nodes = 100, .nodes = 1000});
  EXPECT_TRUE(exact.is_exact());
  EXPECT_FALSE(folded.is_exact());
  const auto children = [](const CallTree& tree, u64& calls) {
    const u32 main = tree.node(tree.roots()[0].node).first_child;
    u64 count = 0;
    for (u32 at = tree.node(main).first_child; at != CallTree::kNoNode; at = tree.node(at).next) {
      ++count;
      calls += tree.node(at).count;
    }
    return count;
  };
  u64 exact_calls = 0;
  u64 folded_calls = 0;
  EXPECT_GT(children(exact, exact_calls), 40u);
  EXPECT_EQ(children(folded, folded_calls), 40u);
  EXPECT_EQ(exact_calls, 2000u);
  EXPECT_EQ(folded_calls, 2000u);
  EXPECT_EQ(exact.node(exact.roots()[0].node).total, folded.node(folded.roots()[0].node).total);
}

TEST(Calls, instructions_add_up_in_tree_and_report) {
  TraceBuilder b;
  const Caller main = caller(b, 0x1000, 0x2000);  // 1 + 2 instructions
  const u32 leaf = b.block(0x2000, "90 90 c3");   // 3
  b.run(main.call).run(leaf).run(main.rest);
  Opened opened(b.finish());
  const CallTree tree = opened.tree();
  const CallTree::Node& top = tree.node(tree.node(tree.roots()[0].node).first_child);
  EXPECT_EQ(top.self, 3u);
  EXPECT_EQ(top.total, 6u);
  const Report report =
      make_report(opened.reader, opened.program, opened.streams, *opened.map, GroupBy::kNothing);
  ASSERT_EQ(report.groups.size(), 1u);
  EXPECT_EQ(report.groups[0].instructions, 6u);
  ASSERT_EQ(report.groups[0].functions.size(), 2u);
  EXPECT_EQ(report.groups[0].functions[0].self, 3u);
}

TEST(Report, recursion_counts_once_in_total) {
  TraceBuilder b;
  const u32 main = b.block(0x1000, "e8 fb 0f 00 00");
  const Caller f = caller(b, 0x2000, 0x2000);
  const u32 bottom = b.block(0x2000, "90 c3");
  b.run(main).run(f.call).run(f.call).run(bottom).run(f.rest).run(f.rest);
  Opened opened(b.finish());
  const Report report =
      make_report(opened.reader, opened.program, opened.streams, *opened.map, GroupBy::kNothing);
  const FunctionCost& cost = report.groups[0].functions[0];
  EXPECT_EQ(opened.symbols.function(cost.function).name, "[anonymous]+0x2000");
  EXPECT_EQ(cost.calls, 3u);
  EXPECT_EQ(cost.self, 1u + 1 + 2 + 2 + 2);
  EXPECT_EQ(cost.total, cost.self);
}

TEST(Report, threads_have_their_own_tables_on_request) {
  TraceBuilder b;
  const u32 loop = b.block(0x1000, "eb fe");
  b.run(loop).run(loop);
  b.thread(2, 102, 0x1000).run(loop).run(loop).run(loop);
  Opened opened(b.finish());
  const Report report =
      make_report(opened.reader, opened.program, opened.streams, *opened.map, GroupBy::kThread);
  ASSERT_EQ(report.groups.size(), 2u);
  EXPECT_EQ(report.groups[0].instructions, 2u);
  EXPECT_EQ(report.groups[1].instructions, 3u);
}

}  // namespace
}  // namespace tiptoe::analysis
