#include "tools/rt0db/snapshot.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/labels.h"

namespace rt0db {
namespace {

constexpr std::size_t g_bytes = sizeof(rt0::g);
constexpr std::size_t below_bytes = 1024;         // copied with every G
constexpr std::size_t deepest_bytes = 256 << 10;  // of one stack
constexpr std::size_t red_zone_bytes = RED_ZONE_BYTES;

template <class T>
T must_read(process& of, std::uintptr_t address, const char* what) {
  T value{};
  if (!of.read(address, &value)) throw failure(failed, std::string("cannot read ") + what);
  return value;
}

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

// A table of words, whatever type they have there.
std::vector<std::uintptr_t> words_at(process& of, std::uintptr_t address, std::size_t count,
                                     const char* what) {
  std::vector<std::uintptr_t> words(count);
  if (count > 0 && !of.read(address, words.data(), count * sizeof(words[0]))) {
    throw failure(failed, std::string("cannot read ") + what);
  }
  return words;
}

std::vector<std::uintptr_t> all_gs(process& of, const rt0::debugger_table& table) {
  using rt0::allg_table;
  const auto base = address_of(table.allgs);
  const auto length = must_read<std::uint32_t>(of, base + offsetof(allg_table, length), "allgs");
  if (length > allg_table::max_blocks * allg_table::block_places)
    throw failure(failed, "allgs makes no sense");
  std::vector<std::uintptr_t> all =
      words_at(of, base + offsetof(allg_table, near), std::min(length, allg_table::near_places), "allgs");
  const std::uint32_t blocks = (length + allg_table::block_places - 1) / allg_table::block_places;
  const auto places = words_at(of, address_of(table.blocks), all.size() < length ? blocks : 0, "allgs");
  for (std::uint32_t i = 0; all.size() < length; i++) {
    const std::uint32_t first = i == 0 ? allg_table::near_places : 0;
    const std::uint32_t end = std::min(allg_table::block_places, length - i * allg_table::block_places);
    const auto block =
        words_at(of, places[i] + first * sizeof(std::uintptr_t), end - first, "a block of allgs");
    all.insert(all.end(), block.begin(), block.end());
  }
  return all;
}

// G's address and its page's, from which on its copy is.
constexpr std::size_t each_bytes = 4096;  // of memory for a G with what is copied below it
static_assert(below_bytes + g_bytes <= each_bytes);
std::uintptr_t copied_from(std::uintptr_t g) {
  constexpr std::uintptr_t page_bytes = 4096;
  return std::max(g / page_bytes * page_bytes, g - below_bytes);
}

class taker {
 public:
  taker(process& of, const image& program, bool system, std::uintptr_t only)
      : process_(of), program_(program), system_(system), only_(only) {}

  snapshot take() {
    result_.bias = process_.bias();
    const auto guessed = table_and_length();
    const std::size_t expected = only_ != 0 ? 1 : guessed + guessed / 8 + 64;
    g_memory_ = memory(expected * each_bytes);
    g_memory_end_ = g_memory_ + expected * each_bytes;
    result_.goroutines.reserve(expected);
    wanted_.reserve(expected);
    wanted_by_.reserve(expected);

    process_.stop();
    result_.stopped_at_ns = process_.stopped_at_ns();
    (void)table_and_length();
    if (result_.stopped_at_ns == 0)
      result_.stopped_at_ns = must_read<std::int64_t>(process_, address_of(table_.died_at_ns), "sched");
    copy_gs();
    copy_stacks();
    copy_labels(process_, result_.goroutines);
    process_.resume();

    std::sort(result_.goroutines.begin(), result_.goroutines.end(),
              [](const goroutine& a, const goroutine& b) { return a.g().goid < b.g().goid; });
    return std::move(result_);
  }

 private:
  // Reads the table; how many goroutines there are.
  std::uint32_t table_and_length() {
    table_ = must_read<rt0::debugger_table>(process_, program_.table() + result_.bias, "the runtime's table");
    result_.core_text = address_of(table_.core_text);
    result_.core_text_end = address_of(table_.core_text_end);
    if (!program_.in_text(result_.core_text - result_.bias))
      throw failure(failed, "the program has not started yet");
    return must_read<std::uint32_t>(process_, address_of(table_.allgs) + offsetof(rt0::allg_table, length),
                                    "allgs");
  }

  // Zeroed, so that no page of it is missing when it is filled.
  std::byte* memory(std::size_t bytes) {
    return result_.memory.emplace_back(std::make_unique<std::byte[]>(bytes)).get();
  }

  void copy_gs() {
    const auto all = only_ != 0 ? std::vector{only_} : all_gs(process_, table_);
    std::byte* at = g_memory_;
    if (all.size() > static_cast<std::size_t>(g_memory_end_ - g_memory_) / each_bytes) {
      at = memory(all.size() * each_bytes);  // many were made between the guess and the stop
    }
    std::vector<piece> pieces;
    pieces.reserve(all.size());
    for (const std::uintptr_t g : all) {
      const std::uintptr_t from = copied_from(g);
      // Where its G comes to lie is aligned as a G wants to be.
      pieces.push_back({from, at + below_bytes - (g - from), g - from + g_bytes});
      at += each_bytes;
    }
    process_.read(pieces);
    const auto last_of_parent =
        must_read<std::uint64_t>(process_, address_of(table_.last_goid_of_parent), "sched");
    const auto forked = must_read<std::uintptr_t>(process_, address_of(table_.forked), "sched");
    for (std::size_t i = 0; i < all.size(); i++) {
      const piece& p = pieces[i];
      if (p.into == nullptr) continue;
      goroutine one;
      one.address = all[i];
      one.bytes = p.into + (all[i] - p.address);
      const rt0::gstatus status = one.status();
      if (status == rt0::gstatus::dead || status == rt0::gstatus::idle) continue;
      if (one.g().kind == rt0::g_kind::system && !system_) continue;
      if (one.g().goid <= last_of_parent && one.address != forked) continue;
      one.stacks[0] = {p.address, one.address, p.into};
      result_.goroutines.push_back(one);
    }
  }

  // The stack that sp is on, from there up, if it is [lo, hi): to be copied for this goroutine.
  bool want(goroutine& of, std::uintptr_t sp, const rt0::stack_bounds& stack) {
    if (sp < stack.lo || sp >= stack.hi) return false;
    const std::uintptr_t lo = std::max(sp - red_zone_bytes, stack.lo),
                         hi = std::min(stack.hi, lo + deepest_bytes);
    // Of one that does not run, what is below sp does not count.
    if (of.stacks[0].lo <= std::max(sp, lo) && hi <= of.stacks[0].hi) return true;
    wanted_.push_back({lo, nullptr, hi - lo});
    wanted_by_.push_back(&of);
    return true;
  }

  // A goroutine that has saved its state is where that says, whoever has its registers. One that has not is
  // on the thread whose %fs is at it, or, in a handler of the runtime's, on that thread's signal stack.
  void place_on_thread(goroutine& one, const user_regs_struct& regs) {
    const std::uintptr_t r[] = {regs.rax, regs.rdx, regs.rcx, regs.rbx, regs.rsi, regs.rdi,
                                regs.rbp, regs.rsp, regs.r8,  regs.r9,  regs.r10, regs.r11,
                                regs.r12, regs.r13, regs.r14, regs.r15, regs.rip};
    static_assert(DW_RAX == 0 && DW_RDX == 1 && DW_RBX == 3 && DW_RBP == 6 && DW_RSP == 7 && DW_R15 == 15);
    std::copy(std::begin(r), std::end(r), one.at.r);
    one.has_place = want(one, regs.rsp, one.g().stack);
    if (one.has_place) return;
    rt0::stack_bounds signal_stack{};
    std::uintptr_t self = 0, gsignal = 0;
    if (!process_.read(regs.gs_base + offsetof(rt0::m, self), &self) || self != regs.gs_base ||
        !process_.read(regs.gs_base + offsetof(rt0::m, gsignal), &gsignal) ||
        !process_.read(gsignal + offsetof(rt0::g, stack), &signal_stack)) {
      return;
    }
    one.has_place = want(one, regs.rsp, signal_stack);
    if (!one.has_place) return;
    // Where it was interrupted lies in the signal's frame, at the end of which we find it.
    const std::uintptr_t own = one.g().stack.hi;
    want(one, own > deepest_bytes ? std::max(one.g().stack.lo, own - deepest_bytes) : one.g().stack.lo,
         one.g().stack);
  }

  void copy_stacks() {
    std::unordered_map<std::uintptr_t, const thread*> by_fs;
    for (const thread& t : process_.threads()) by_fs[t.registers.fs_base] = &t;
    for (goroutine& one : result_.goroutines) {
      const rt0::gobuf& saved = one.g().sched;
      if (saved.sp != 0) {
        one.at = rt0::registers_of(saved);
        one.has_place = want(one, saved.sp, one.g().stack);
      } else if (const auto found = by_fs.find(one.address); found != by_fs.end()) {
        place_on_thread(one, found->second->registers);
      }
    }
    std::size_t bytes = 0;
    for (const piece& p : wanted_) bytes += p.bytes;
    auto* at = result_.memory.emplace_back(new std::byte[bytes]).get();
    for (piece& p : wanted_) {
      p.into = at;
      at += p.bytes;
    }
    process_.read(wanted_);
    for (std::size_t i = 0; i < wanted_.size(); i++) {
      const piece& p = wanted_[i];
      if (p.into == nullptr) continue;
      stack_copy* place = wanted_by_[i]->stacks;
      while (place->bytes != nullptr) place++;
      *place = {p.address, p.address + p.bytes, p.into};
    }
  }

  process& process_;
  const image& program_;
  bool system_;
  std::uintptr_t only_;
  rt0::debugger_table table_{};
  snapshot result_;
  std::byte *g_memory_ = nullptr, *g_memory_end_ = nullptr;
  std::vector<piece> wanted_;
  std::vector<goroutine*> wanted_by_;
};

}  // namespace

snapshot take_snapshot(process& of, const image& program, bool system, std::uintptr_t only) {
  return taker(of, program, system, only).take();
}

}  // namespace rt0db
