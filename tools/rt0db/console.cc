#include "tools/rt0db/console.h"

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/traced.h"

namespace rt0db {
namespace {

// One byte at a time from a descriptor, or a signal.
class reader {
 public:
  explicit reader(int fd)
      : fd_(fd), signals_(signalfd(-1, &kept_signals::set(), SFD_CLOEXEC | SFD_NONBLOCK)) {}
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;
  ~reader() { close(signals_); }

  enum class got { byte, end, interrupt };
  // Throws ending.
  got next(char* into) {
    if (at_ == size_) {
      const got what = fill();
      if (what != got::byte) return what;
    }
    *into = buffer_[at_++];
    return got::byte;
  }

 private:
  got fill() {
    for (;;) {
      pollfd both[] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                       {.fd = fd_, .events = POLLIN, .revents = 0}};
      if (poll(both, std::size(both), -1) < 0 && errno != EINTR) return got::end;
      signalfd_siginfo signal{};
      while (::read(signals_, &signal, sizeof(signal)) == sizeof(signal)) {
        const int number = static_cast<int>(signal.ssi_signo);
        if (number == SIGTERM || number == SIGHUP || number == SIGQUIT) throw ending{number};
        if (number == SIGINT) return got::interrupt;
      }
      if (both[1].revents == 0) continue;
      const ssize_t bytes = ::read(fd_, buffer_, sizeof(buffer_));
      if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (bytes <= 0) return got::end;
      size_ = static_cast<std::size_t>(bytes);
      at_ = 0;
      return got::byte;
    }
  }

  int fd_, signals_;
  char buffer_[4096];
  std::size_t at_ = 0, size_ = 0;
};

// Each line is shown as if it had been typed, so that what comes out reads as a session.
class plain_text final : public console {
 public:
  plain_text(int fd, std::string name, bool close_it)
      : name_(std::move(name)), fd_(fd), owns_(close_it), from_(fd) {}
  ~plain_text() override {
    if (owns_) close(fd_);
  }

  std::optional<std::string> line() override {
    std::string text;
    char c = 0;
    reader::got what;
    while ((what = from_.next(&c)) == reader::got::byte && c != '\n') text += c;
    if (what == reader::got::interrupt) throw ending{SIGINT};
    if (what == reader::got::end && text.empty()) return std::nullopt;
    number_++;
    std::cout << prompt << text << "\n";
    return text;
  }
  std::string where() const override { return name_ + ":" + std::to_string(number_) + ": "; }

 private:
  std::string name_;
  int fd_;
  bool owns_;
  reader from_;
  int number_ = 0;
};

class terminal final : public console {
 public:
  explicit terminal(completer complete)
      : from_(STDIN_FILENO),
        complete_(std::move(complete)),
        edit_(el_init("rt0", stdin, stdout, stderr)),
        history_(history_init()) {
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(edit_, EL_CLIENTDATA, this);
    el_set(edit_, EL_PROMPT, show_prompt);
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_HIST, history, history_);
    el_set(edit_, EL_GETCFN, next_character);
    el_set(edit_, EL_ADDFN, "rt0-complete", "complete the word", complete_word);
    el_set(edit_, EL_BIND, "^I", "rt0-complete", nullptr);
    el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(edit_, nullptr);
  }
  ~terminal() override {
    el_end(edit_);
    history_end(history_);
  }

  std::optional<std::string> line() override {
    std::cout.flush();
    for (;;) {
      interrupted_ = false;
      signal_ = 0;
      int count = 0;
      el_resize(edit_);
      // el_gets would show the prompt first: a Ctrl-D typed then would be taken for a NUL.
      el_set(edit_, EL_PREP_TERM, 1);
      const char* text = el_gets(edit_, &count);
      if (signal_ != 0) throw ending{signal_};
      if (interrupted_) {
        std::cout << "^C\n" << std::flush;
        el_reset(edit_);
        continue;
      }
      if (text == nullptr || count <= 0) {
        std::cout << "\n";
        return std::nullopt;
      }
      std::string line(text, static_cast<std::size_t>(count));
      if (line.ends_with('\n')) line.pop_back();
      HistEvent event;
      if (!line.empty()) history(history_, &event, H_ENTER, line.c_str());
      return line;
    }
  }

 private:
  static terminal* self(EditLine* edit) {
    void* client = nullptr;
    el_get(edit, EL_CLIENTDATA, &client);
    return static_cast<terminal*>(client);
  }

  static char* show_prompt(EditLine*) { return const_cast<char*>(prompt); }

  // libedit is C: no exception through it.
  static int next_character(EditLine* edit, wchar_t* into) {
    terminal* t = self(edit);
    char c = 0;
    try {
      const reader::got what = t->from_.next(&c);
      t->interrupted_ = what == reader::got::interrupt;
      if (what != reader::got::byte) return what == reader::got::end ? 0 : -1;
    } catch (const ending& e) {
      t->signal_ = e.signal;
      return -1;
    }
    *into = static_cast<unsigned char>(c);
    return 1;
  }

  // What all have in common is put in; if that is nothing, they are shown.
  static unsigned char complete_word(EditLine* edit, int) {
    terminal* t = self(edit);
    const LineInfo* line = el_line(edit);
    const std::string before(line->buffer, line->cursor);
    const std::string word = before.substr(before.find_last_of(' ') + 1);
    const std::vector<std::string> all = t->complete_(before);
    if (all.empty()) return CC_REFRESH_BEEP;
    std::string common = all[0];
    for (const std::string& one : all) {
      std::size_t same = 0;
      while (same < common.size() && same < one.size() && common[same] == one[same]) same++;
      common.resize(same);
    }
    if (all.size() == 1) common += ' ';
    if (common.size() > word.size())
      return el_insertstr(edit, common.c_str() + word.size()) == 0 ? CC_REFRESH : CC_ERROR;
    constexpr std::size_t most_shown = 100;
    std::cout << "\n";
    for (std::size_t i = 0; i < std::min(all.size(), most_shown); i++) std::cout << all[i] << "\n";
    if (all.size() > most_shown) std::cout << "... and " << all.size() - most_shown << " more\n";
    std::cout.flush();
    return CC_REDISPLAY;
  }

  reader from_;
  completer complete_;
  EditLine* edit_;
  History* history_;
  bool interrupted_ = false;
  int signal_ = 0;
};

}  // namespace

std::unique_ptr<console> script(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw failure(failed, path + ": " + strerror(errno));
  return std::make_unique<plain_text>(fd, path, true);
}

std::unique_ptr<console> standard_input(completer complete) {
  if (isatty(STDIN_FILENO) != 0) return std::make_unique<terminal>(std::move(complete));
  return std::make_unique<plain_text>(STDIN_FILENO, "stdin", false);
}

}  // namespace rt0db
