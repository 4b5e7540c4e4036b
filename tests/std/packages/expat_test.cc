// Debian's libexpat.a, compiled against glibc: 100 threads parse a document each, whose handlers give way.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <expat.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace {

struct seen {
  int open = 0, elements = 0, deepest = 0;
  std::string text;
};

void XMLCALL begin(void* at, const XML_Char*, const XML_Char**) {
  auto* s = static_cast<seen*>(at);
  s->elements++;
  s->deepest = std::max(s->deepest, ++s->open);
  if (s->elements % 10 == 0) std::this_thread::yield();
}
void XMLCALL end(void* at, const XML_Char*) { static_cast<seen*>(at)->open--; }
void XMLCALL text(void* at, const XML_Char* from, int bytes) {
  static_cast<seen*>(at)->text.append(from, bytes);
}

bool parses(int items) {
  std::string document = "<?xml version='1.0' encoding='UTF-8'?><list>", want;
  for (int i = 0; i < items; i++) {
    document += "<item n='" + std::to_string(i) + "'><b>&lt;" + std::to_string(i) + "&gt;</b></item>";
    want += "<" + std::to_string(i) + ">";
  }
  document += "</list>";
  seen s;
  XML_Parser parser = XML_ParserCreate(nullptr);
  XML_SetUserData(parser, &s);
  XML_SetElementHandler(parser, begin, end);
  XML_SetCharacterDataHandler(parser, text);
  bool ok = true;
  constexpr std::size_t part = 100;
  for (std::size_t at = 0; at < document.size(); at += part) {
    const std::size_t bytes = std::min(part, document.size() - at);
    ok = ok && XML_Parse(parser, document.data() + at, static_cast<int>(bytes),
                         at + bytes == document.size()) == XML_STATUS_OK;
  }
  XML_ParserFree(parser);
  return ok && s.text == want && s.elements == 1 + 2 * items && s.deepest == 3 && s.open == 0;
}

}  // namespace

TEST_CASE("100 threads parse") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; i++) threads.emplace_back([&right, i] { right += parses(100 + i); });
  for (auto& t : threads) t.join();
  CHECK(right == 100);
}

TEST_CASE("a broken document is an error at its line") {
  XML_Parser parser = XML_ParserCreate(nullptr);
  const std::string broken = "<a>\n<b>\n</a>";
  CHECK(XML_Parse(parser, broken.data(), static_cast<int>(broken.size()), 1) == XML_STATUS_ERROR);
  CHECK(XML_GetErrorCode(parser) == XML_ERROR_TAG_MISMATCH);
  CHECK(XML_GetCurrentLineNumber(parser) == 3);
  XML_ParserFree(parser);
}
