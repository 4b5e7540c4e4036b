// Debian's libcrypto.a, compiled against glibc: 1,000 threads and 1,000 goroutines compute SHA-256 of one
// file, each for itself, and all get what sha256sum gets. And key pairs, so that its random numbers and locks
// have run.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <openssl/evp.h>
#include <rt/go.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

// A file of count times 'a', gone at the end.
struct file_of_a {
  char name[32] = "/tmp/rt0-sha-XXXXXX";
  explicit file_of_a(std::size_t count) {
    close(mkstemp(name));
    std::ofstream(name) << std::string(count, 'a');
  }
  ~file_of_a() { unlink(name); }
};

std::string sha256_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  char part[4096];
  while (in.read(part, sizeof part) || in.gcount() > 0) {
    EVP_DigestUpdate(context.get(), part, static_cast<std::size_t>(in.gcount()));
    std::this_thread::yield();
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  EVP_DigestFinal_ex(context.get(), digest, &bytes);
  std::string text;
  for (unsigned i = 0; i < bytes; i++) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("a million times a, as FIPS 180 has it") {
  CHECK(sha256_of(file_of_a(1'000'000).name) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("1,000 threads agree with sha256sum") {
  const file_of_a file(20'000);
  const std::string want =
      "cc17faaad36649c4603dda4d8ff97cb149722af0bcac0746305a2134ad2d0b97";  // head -c 20000 /dev/zero | tr
                                                                           // '\0' a | sha256sum
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 1000; i++) threads.emplace_back([&] { right += sha256_of(file.name) == want; });
  for (auto& t : threads) t.join();
  CHECK(right == 1000);
}

TEST_CASE("and so do 1,000 goroutines of rt::go") {
  const file_of_a file(20'000);
  const std::string want = sha256_of(file.name);
  std::atomic<int> right{0}, done{0};
  for (int i = 0; i < 1000; i++) {
    rt::go([&] {
      right += sha256_of(file.name) == want;
      done++;
    });
  }
  while (done != 1000) rt::yield();
  CHECK(right == 1000);
}

TEST_CASE("16 threads make keys, sign and verify") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; i++) {
    threads.emplace_back([&] {
      EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      EVP_MD_CTX* context = EVP_MD_CTX_new();
      const unsigned char text[] = "every std::thread is a goroutine";
      unsigned char signature[64];
      std::size_t bytes = sizeof signature;
      bool ok = EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key) == 1 &&
                EVP_DigestSign(context, signature, &bytes, text, sizeof text) == 1;
      EVP_MD_CTX_reset(context);
      ok = ok && EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
           EVP_DigestVerify(context, signature, bytes, text, sizeof text) == 1;
      signature[7] ^= 1;
      ok = ok && EVP_DigestVerify(context, signature, bytes, text, sizeof text) != 1;
      right += ok;
      EVP_MD_CTX_free(context);
      EVP_PKEY_free(key);
    });
  }
  for (auto& t : threads) t.join();
  CHECK(right == 16);
}
