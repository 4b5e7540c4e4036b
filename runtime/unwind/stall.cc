// RT0_DEBUG=stall=MS: what sysmon has found to last too long, and the process goes on.
//
// A goroutine that runs and runs is frozen with all others for the report, as in a dump. One whose M is held
// by a system call is not touched. The signal that freezes would end a call (EINTR: semop, epoll_wait), which
// the seam then makes again, a new one to sysmon and its report; and to what waits for a disk, a server of
// files or a debugger no signal comes: a report that waits for its answer stops the program for two seconds,
// in just the case for which it was asked.
//
// So the kernel is asked where the thread is. It knows pc and sp; the walk needs the frame pointer, too,
// which rt0_open_syscall has pushed, by which all calls pass that a program makes (a spawn and an exec do
// not: no stack is shown). The goroutine may go on while its stack is walked. Whether it did, the M's tick of
// calls tells: then the text is thrown away, the call having ended. A walk over what moves is as safe as one
// over what is corrupt: guarded.
#include <sys/syscall.h>

#include "rt0/upcalls.h"
#include "runtime/sched/sched.h"
#include "runtime/unwind/output.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/traceback.h"
#include "sys/fd.h"
#include "sys/kernel_call.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

struct named_call {
  long nr;
  const char* name;
};
// Those that may hold a thread for long; of others the number is shown.
constexpr named_call calls[] = {
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_pread64, "pread64"},
    {SYS_pwrite64, "pwrite64"},
    {SYS_readv, "readv"},
    {SYS_writev, "writev"},
    {SYS_open, "open"},
    {SYS_openat, "openat"},
    {SYS_close, "close"},
    {SYS_stat, "stat"},
    {SYS_lstat, "lstat"},
    {SYS_fstat, "fstat"},
    {SYS_newfstatat, "newfstatat"},
    {SYS_statx, "statx"},
    {SYS_statfs, "statfs"},
    {SYS_getdents64, "getdents64"},
    {SYS_access, "access"},
    {SYS_unlink, "unlink"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_rename, "rename"},
    {SYS_mkdir, "mkdir"},
    {SYS_truncate, "truncate"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_fallocate, "fallocate"},
    {SYS_fsync, "fsync"},
    {SYS_fdatasync, "fdatasync"},
    {SYS_sync, "sync"},
    {SYS_mount, "mount"},
    {SYS_umount2, "umount2"},
    {SYS_flock, "flock"},
    {SYS_fcntl, "fcntl"},
    {SYS_ioctl, "ioctl"},
    {SYS_sendfile, "sendfile"},
    {SYS_splice, "splice"},
    {SYS_copy_file_range, "copy_file_range"},
    {SYS_wait4, "wait4"},
    {SYS_waitid, "waitid"},
    {SYS_msgsnd, "msgsnd"},
    {SYS_msgrcv, "msgrcv"},
    {SYS_semop, "semop"},
    {SYS_semtimedop, "semtimedop"},
    {SYS_accept4, "accept4"},
    {SYS_connect, "connect"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_sendto, "sendto"},
    {SYS_poll, "poll"},
    {SYS_ppoll, "ppoll"},
    {SYS_epoll_wait, "epoll_wait"},
    {SYS_nanosleep, "nanosleep"},
    {SYS_clock_nanosleep, "clock_nanosleep"},
    {SYS_execve, "execve"},
};

const char* name_of_call(long nr) noexcept {
  for (const named_call& one : calls) {
    if (one.nr == nr) return one.name;
  }
  return nullptr;
}

struct stall {
  const g* gp;
  const m* mp;
  std::int64_t ms;
  const registers* here;
  bool in_kernel;
  sys::kernel_call call;
};

// The M is still in that call: all that was read of it is true.
bool lasts(const stall& s, std::uint32_t tick) noexcept {
  return s.mp->syscalltick.load(std::memory_order_relaxed) == tick && s.mp->curg == s.gp &&
         readgstatus(s.gp) == gstatus::syscall;
}

void say_call(report& out, const stall& s) noexcept {
  out << "stall: goroutine " << s.gp->goid << " has held its kernel thread for " << s.ms << " ms";
  if (!s.in_kernel) {
    out << ", and runs\n\n";
    return;
  }
  out << ", in system call " << s.call.nr;
  if (const char* name = name_of_call(s.call.nr)) out << " (" << name << ")";
  out << ", first argument " << hex{static_cast<std::uint64_t>(s.call.first_argument)} << "\n\n";
}

void print_call(void* arg) {
  const auto& s = *static_cast<const stall*>(arg);
  const std::uint32_t tick = s.mp->syscalltick.load(std::memory_order_relaxed);
  if (!lasts(s, tick) || !output_keep()) return;
  {
    registers at{};
    bool known = s.in_kernel;
    if (known) {
      at.r[DW_RIP] = s.call.pc - 1;  // in the instruction that has not returned
      at.r[DW_RSP] = s.call.sp;
      known = s.call.sp >= s.gp->stack.lo && s.call.sp < s.gp->stack.hi;
    } else {
      known = place_of(s.gp, *s.here, &at);
    }
    report out(output_write);
    say_call(out, s);
    print_goroutine(out, s.gp, doing(s.gp), known ? &at : nullptr);
    out << "\n";
  }
  const kept_text text = output_kept();
  if (lasts(s, tick)) sys::write_all(2, text.at, text.bytes);
  (void)sys::unmap(text.at, text.mapped_bytes);
}

}  // namespace

extern "C" void rt0_report_stall(const g* gp, std::int64_t ms) {
  registers here;
  rt0_registers_here(&here);
  stall it{gp, nullptr, ms, &here, false, {}};
  const auto print = [](void* arg) {
    const auto& s = *static_cast<const stall*>(arg);
    registers at;
    const bool known = place_of(s.gp, *s.here, &at);
    report out(output_write);
    out << "stall: goroutine " << s.gp->goid << " has run for " << s.ms << " ms\n\n";
    print_goroutine(out, s.gp, doing(s.gp), known ? &at : nullptr);
    out << "\n";
  };
  (void)run_report(print, &it, here, others::go_on);
}

extern "C" void rt0_report_stalled_call(const m* mp, const g* gp, std::int64_t ms) {
  registers here;
  rt0_registers_here(&here);
  stall it{gp, mp, ms, &here, false, {}};
  it.in_kernel = sys::call_of_thread(mp->procid, it.call);
  (void)run_report(print_call, &it, here, it.in_kernel ? others::undisturbed : others::go_on);
}

}  // namespace rt0
