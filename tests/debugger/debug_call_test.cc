// debug_call_test PROBE: a debugger's calls of functions (tools/rt0db/debug_call.h) in a program that parks,
// works, or is where a call must be refused. Go's debug_test.go in our terms, and what it has not.
//
// RT0_CALLS: calls at random moments (1,000; CI makes fewer). RT0_SEED: of the moments.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <random>

#include "tests/debugger/ptrace_target.h"
#include "tools/rt0db/call_frame.h"
#include "tools/rt0db/debug_call.h"
#include "tools/rt0db/image.h"
#include "tools/rt0db/live.h"

namespace {

using namespace rt0db;
using kind = call_result::kind;

const char* probe_path = nullptr;

// The program, and what it said of its functions.
class probe {
 public:
  probe(const char* mode, int procs) {
    int in[2], out[2], err[2];
    REQUIRE((pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0));
    pid_ = fork();
    if (pid_ == 0) {
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      dup2(in[0], 0), dup2(out[1], 1), dup2(err[1], 2);
      setenv("RT0_MAXPROCS", std::to_string(procs).c_str(), 1);
      setenv("RT0_DEBUG", "sigquit=0", 1);
      execl(probe_path, probe_path, mode, nullptr);
      _exit(127);
    }
    close(in[0]), close(out[1]), close(err[1]);
    to_ = in[1];
    from_.reset(fdopen(out[0], "r"));
    errors_ = err[0];
    fcntl(errors_, F_SETFL, O_NONBLOCK);
    for (std::string text; (text = line()) != "ready";) {
      REQUIRE(!text.empty());
      const auto space = text.find(' ');
      places_[text.substr(0, space)] = std::stoul(text.substr(space + 1), nullptr, 16);
    }
  }
  ~probe() {
    if (to_ >= 0) close(to_);
    close(errors_);
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, __WALL);
    }
  }
  probe(const probe&) = delete;

  pid_t pid() const { return pid_; }
  std::uintptr_t operator[](const std::string& name) const {
    const auto at = places_.find(name);
    REQUIRE_MESSAGE(at != places_.end(), name);
    return at->second;
  }
  std::string line() { return line_of(from_.get()); }
  // What it has written to stderr since the last time.
  std::string errors() {
    char text[4096];
    const ssize_t n = read(errors_, text, sizeof(text));
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
  }
  long calls() {
    REQUIRE(write(to_, "\n", 1) == 1);
    const std::string text = line();
    REQUIRE(text.starts_with("calls "));
    return std::stol(text.substr(6));
  }
  // Nobody traces it any more. It ends, and nothing in it was disturbed.
  void check_end() {
    if (to_ >= 0) close(to_);
    to_ = -1;
    CHECK(line() == "wrong 0");
    CHECK(status() == 0);
  }
  int status() {
    int status = -1;
    waitpid(pid_, &status, __WALL);
    pid_ = 0;
    return status;
  }

 private:
  static std::string line_of(FILE* from) {
    std::string text;
    for (int c; (c = getc(from)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }

  struct closing {
    void operator()(FILE* f) const { std::fclose(f); }
  };
  pid_t pid_ = 0;
  int to_ = -1;
  std::unique_ptr<FILE, closing> from_;
  int errors_ = -1;
  std::map<std::string, std::uintptr_t> places_;
};

const passing as_integer{8, {eightbyte::integer}, 8}, as_real{8, {eightbyte::sse}, 8};

// What happens at the n-th run, instead of a run.
struct steered_target final : call_target {
  explicit steered_target(pid_t pid) : real(pid) {}

  std::vector<pid_t> threads() override { return real.threads(); }
  bool registers(pid_t tid, user_regs_struct* into) override { return real.registers(tid, into); }
  bool set_registers(pid_t tid, const user_regs_struct& from) override {
    return real.set_registers(tid, from);
  }
  bool fp_registers(pid_t tid, user_fpregs_struct* into) override { return real.fp_registers(tid, into); }
  bool set_fp_registers(pid_t tid, const user_fpregs_struct& from) override {
    return real.set_fp_registers(tid, from);
  }
  bool read(std::uintptr_t address, void* into, std::size_t bytes) override {
    return real.read(address, into, bytes);
  }
  bool write(std::uintptr_t address, const void* from, std::size_t bytes) override {
    return real.write(address, from, bytes);
  }
  stop run(int timeout_ms) override {
    const auto instead = steer ? steer(runs++) : std::nullopt;
    return instead ? *instead : real.run(timeout_ms);
  }

  ptrace_target real;
  std::function<std::optional<stop>(int)> steer;
  int runs = 0;
};

// Attached, for as long as it lives.
struct session {
  explicit session(const probe& program)
      : where(program),
        file(program_of(program.pid())),
        target(program.pid()),
        caller(target, file.table() + live_process(program.pid(), file).bias()) {
    target.real.is_place = [this](std::uintptr_t pc) { return caller.is_place(pc); };
  }

  call_result call(const char* function, std::vector<argument> arguments = {}, passing result = {},
                   int timeout_ms = -1) {
    const call_result r =
        caller.call({where[function], std::move(arguments), std::move(result), thread, strict, timeout_ms});
    if (r.thread != 0) thread = r.thread;
    return r;
  }
  // A call that receives from a channel, and has been left when it had its function.
  call_result leave_waiting() {
    target.runs = 0;
    target.steer = [](int run) -> std::optional<call_target::stop> {
      if (run == 0) return std::nullopt;  // to `ready`
      return call_target::stop{call_target::event::interrupted};
    };
    const call_result r = call("call_receive", {}, as_integer);
    target.steer = nullptr;
    return r;
  }
  // The thread whose goroutine is between two places, when it is.
  pid_t thread_in(std::uintptr_t lo, std::uintptr_t hi) {
    for (;;) {
      for (pid_t tid : target.threads()) {
        user_regs_struct r;
        if (target.registers(tid, &r) && r.rip >= lo && r.rip < hi) return tid;
      }
      (void)target.run(1);
    }
  }

  const probe& where;
  const image file;
  steered_target target;
  debug_caller caller;
  pid_t thread = 0;
  bool strict = false;
};

struct large {
  long v[128];
};
struct mixed {
  double d;
  long i;
};

template <class T>
argument by_value(const T& value, std::vector<eightbyte> classes) {
  return object(std::as_bytes(std::span(&value, 1)), {sizeof(T), std::move(classes), alignof(T)});
}

void check_calls(session& s) {
  auto r = s.call("call_add", {integer(40), real(2.5)}, as_real);
  REQUIRE_MESSAGE(r.what == kind::returned, r.text);
  CHECK(r.as<double>() == 42.5);
  r = s.call("call_single", {single(1.5f), single(4)}, {4, {eightbyte::sse}, 4});
  CHECK(r.as<float>() == 6);
  r = s.call("call_long_double", {integer(10)}, {16, {eightbyte::x87}, 16});
  CHECK(r.as<long double>() == 2.5L);
  r = s.call("call_length", {text("how long is this?")}, as_integer);
  CHECK(r.as<long>() == 17);

  large in{};
  for (int i = 0; i < 128; i++) in.v[i] = i;
  r = s.call("call_large", {by_value(in, {})}, {sizeof(large), {}, 8});
  REQUIRE(r.what == kind::returned);
  for (int i = 0; i < 128; i++) CHECK(r.as<large>().v[i] == i + 1);

  r = s.call("call_mixed", {by_value(mixed{7, 11}, {eightbyte::sse, eightbyte::integer})},
             {16, {eightbyte::sse, eightbyte::integer}, 8});
  CHECK(r.as<mixed>().d == 11);
  CHECK(r.as<mixed>().i == 7);

  std::vector<argument> many;
  double expected = 0;
  for (int i = 1; i <= 8; i++) many.push_back(integer(static_cast<std::uint64_t>(i))), expected += i * i;
  for (int i = 9; i <= 18; i++) many.push_back(real(i)), expected += i * i;
  CHECK(s.call("call_many", many, as_real).as<double>() == expected);

  // The format goes first, and its text stays below the buffer.
  r = s.call("call_format",
             {reference(std::vector<std::byte>(100)), text("%d %s %g"), integer(5), text("six"), real(7.5)},
             {4, {eightbyte::integer}, 4});
  CHECK(r.as<int>() == 9);

  // Each call has a thread's own variables, and a thread's stack.
  for (int i = 0; i < 2; i++) CHECK(s.call("call_thread_local", {}, as_integer).as<long>() == 1);
  CHECK(s.call("call_use_stack", {integer(1000)}, as_integer).what == kind::returned);
}

void check_ends(session& s) {
  auto r = s.call("call_throw", {text("seven")});
  CHECK(r.what == kind::threw);
  CHECK(r.type == "std::runtime_error");
  CHECK(r.text == "seven");
  r = s.call("call_throw_other", {integer(3)});
  CHECK(r.what == kind::threw);
  CHECK(r.type == "(anonymous namespace)::thrown_by_us");
  CHECK(r.text.empty());
  CHECK(s.call("call_exit").what == kind::ended);
  CHECK(s.call("call_goexit").what == kind::ended);
  CHECK(s.call("call_block", {integer(5)}, as_integer).as<long>() == 1);
}

constexpr int all_procs[] = {1, 2, 8};

}  // namespace

TEST_CASE("a frame of arguments") {
  const large value{};
  const argument arguments[] = {integer(1), real(2), by_value(value, {}), text("abc")};
  const auto frame = call_frame::make(arguments, {sizeof(large), {}, 8}, 0x10000, 0x1000);
  REQUIRE(frame);
  CHECK(frame->sp % 16 == 0);
  CHECK(frame->integers[0] == frame->result);
  CHECK(frame->integers[1] == 1);
  CHECK(frame->result + sizeof(large) <= 0x10000);
  CHECK(frame->integers[2] >= frame->sp + sizeof(large));
  CHECK(frame->integers[2] + 4 <= frame->result);
  CHECK(frame->vectors_used == 1);
  CHECK(!call_frame::make(arguments, {}, 0x1400, 0x1000));
}

TEST_CASE("all goroutines are parked") {
  for (int procs : all_procs) {
    CAPTURE(procs);
    probe program("parked", procs);
    {
      session s(program);
      check_calls(s);
      check_ends(s);
    }
    program.check_end();
  }
}

TEST_CASE("the goroutines work; the one that is sent has known values in all registers") {
  for (int procs : all_procs) {
    CAPTURE(procs);
    probe program("busy", procs);
    {
      session s(program);
      s.strict = true;
      s.thread = s.thread_in(program["victim_filled"], program["victim_loop_end"]);
      check_calls(s);
      check_ends(s);
    }
    program.check_end();
  }
}

TEST_CASE("a process with one thread only") {
  for (int procs : all_procs) {
    CAPTURE(procs);
    probe program("alone", procs);
    session s(program);
    CHECK(s.call("call_add", {integer(1), real(2)}, as_real).as<double>() == 3);
  }
}

TEST_CASE("at random moments") {
  const char* wanted = std::getenv("RT0_CALLS");
  const char* seed_text = std::getenv("RT0_SEED");
  const int calls = wanted != nullptr ? std::atoi(wanted) : 1000;
  const unsigned seed =
      seed_text != nullptr ? static_cast<unsigned>(std::atoi(seed_text)) : std::random_device{}();
  MESSAGE("RT0_SEED=" << seed);
  std::mt19937 random(seed);
  for (int procs : all_procs) {
    CAPTURE(procs);
    probe program("busy", procs);
    int held = 0;
    {
      session s(program);
      for (int i = 0; i < calls; i++) {
        (void)s.target.run(static_cast<int>(random() % 3));
        const auto threads = s.target.threads();
        s.thread = random() % 4 != 0 ? threads[random() % threads.size()] : 0;
        const auto r = s.call("call_clobber", {integer(random() % 1000)}, as_integer);
        REQUIRE_MESSAGE(r.what == kind::returned, r.text);
        held += s.thread != 0;
      }
    }
    CHECK(program.calls() == calls);
    program.check_end();
  }
}

TEST_CASE("places where a call is refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"libc", "it is in the C library"},
      {"altstack", "it is not on its goroutine's stack, or too little of that is left"},
      {"deep", "it is not on its goroutine's stack, or too little of that is left"},
      {"sleep", "it is in a system call"}};
  for (const auto& [mode, why] : cases) {
    CAPTURE(mode);
    probe program(mode, 2);
    if (std::string(mode) == "sleep") CHECK(program.line() == "sleeps");
    {
      session s(program);
      s.strict = true;
      // Threads come to that place, and to others.
      std::string text;
      while (text != why) {
        (void)s.target.run(1);
        for (pid_t tid : s.target.threads()) {
          s.thread = tid;
          const auto r = s.call("call_add", {integer(1), real(2)}, as_real);
          if (r.what == kind::refused && text != why) text = r.text;
        }
      }
      CHECK(text == why);
      // Who does not insist gets another thread.
      s.strict = false;
      CHECK(s.call("call_add", {integer(1), real(2)}, as_real).as<double>() == 3);
    }
    program.check_end();
  }
}

TEST_CASE("a call that waits for the next call") {
  for (int procs : all_procs) {
    CAPTURE(procs);
    probe program("busy", procs);
    {
      session s(program);
      s.thread = s.thread_in(program["victim_filled"], program["victim_loop_end"]);
      const auto r = s.leave_waiting();
      CHECK(r.what == kind::interrupted);
      CHECK(r.goid != 0);
      s.thread = 0;
      CHECK(s.call("call_send", {integer(9)}).what == kind::returned);
      // The first one's places come while nobody waits for them.
      CHECK(s.call("call_add", {integer(1), real(2)}, as_real).as<double>() == 3);
    }
    program.check_end();
  }
}

TEST_CASE("SIGQUIT during a call shows it") {
  probe program("busy", 2);
  std::string all;
  {
    session s(program);
    s.thread = s.thread_in(program["victim_filled"], program["victim_loop_end"]);
    CHECK(s.leave_waiting().what == kind::interrupted);
    // Until the call waits, and a report had the time to find it so.
    while (all.find("call_receive") == std::string::npos) {
      kill(program.pid(), SIGQUIT);
      (void)s.target.run(100);
      all += program.errors();
    }
    s.thread = 0;
    CHECK(s.call("call_send", {integer(9)}).what == kind::returned);
  }
  program.check_end();
  all += program.errors();
  CAPTURE(all);
  // The goroutine in whose part of the report that stands.
  const auto part = [&](const char* text) {
    const auto at = all.find(text);
    if (at == std::string::npos) return std::string();
    const auto begin = all.rfind("\n\n", at);
    return all.substr(begin, all.find("\n\n", at) - begin);
  };
  CHECK(part("[debug call]").find("victim_spin(...)") != std::string::npos);
  CHECK(part("call_receive").find("created by rt0_debug_call(...)") != std::string::npos);
}

// A debugger, in a process of its own, that dies when it has come to a point.
enum class dies { sent, called, returned };  // at so many-th a run

TEST_CASE("the debugger is killed in the middle") {
  for (int procs : all_procs) {
    for (dies when : {dies::sent, dies::called, dies::returned}) {
      CAPTURE(procs);
      CAPTURE(static_cast<int>(when));
      probe program("busy", procs);
      int to_us[2];
      REQUIRE(pipe(to_us) == 0);
      const pid_t debugger = fork();
      if (debugger == 0) {
        session s(program);
        s.strict = true;
        s.thread = s.thread_in(program["victim_filled"], program["victim_loop_end"]);
        s.target.steer = [&](int run) -> std::optional<call_target::stop> {
          if (run != static_cast<int>(when)) return std::nullopt;
          if (write(to_us[1], "x", 1) == 1) pause();  // all threads stand still, until we are killed
          _exit(1);
        };
        s.target.runs = 0;
        (void)s.call("call_slow", {integer(1)}, as_integer);
        _exit(0);
      }
      close(to_us[1]);
      char c = 0;
      REQUIRE(read(to_us[0], &c, 1) == 1);
      close(to_us[0]);
      kill(debugger, SIGKILL);
      waitpid(debugger, nullptr, __WALL);
      if (when != dies::sent) CHECK(program.line() == "called");
      program.check_end();
    }
  }
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  probe_path = argv[1];
  doctest::Context context(argc - 1, argv + 1);
  return context.run();
}
