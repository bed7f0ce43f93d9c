// SPDX-License-Identifier: MIT
#include "eigencoder/files/html.hpp"

#include "support/catch.hpp"

namespace ec = eigencoder;
using namespace std::string_literals;

namespace {
std::string base64(std::string_view text) { return ec::detail::base64(std::as_bytes(std::span(text))); }
}  // namespace

TEST_CASE("html: a text is no markup, whatever it holds") {
  CHECK(ec::detail::html_text("</title><script>a && \"b\" > 'c'") ==
        "&lt;/title&gt;&lt;script&gt;a &amp;&amp; &quot;b&quot; &gt; &#39;c&#39;");
  CHECK(ec::detail::html_text("β = 4, 8 × 8, 𝛼\n\tend") == "β = 4, 8 × 8, 𝛼\n\tend");
  CHECK(ec::detail::html_text("").empty());
}

TEST_CASE("html: bytes that are no UTF-8 and control characters are replaced, one each") {
  const std::string bad = "�";
  CHECK(ec::detail::readable_utf8("a\xff"
                                  "b\xc3") == "a" + bad + "b" + bad);
  CHECK(ec::detail::readable_utf8("\xe2\x82") == bad + bad);            // the euro sign, cut off
  CHECK(ec::detail::readable_utf8("\xed\xa0\x80") == bad + bad + bad);  // a surrogate
  CHECK(ec::detail::readable_utf8("\xc0\xbc") == bad + bad);            // "<", overlong
  CHECK(ec::detail::readable_utf8("a\0b\x1b\x7f\r"s) == "a" + bad + "b" + bad + bad + bad);
  CHECK(ec::detail::readable_utf8("€") == "€");
}

TEST_CASE("html: a JSON string cannot end its script") {
  CHECK(ec::detail::html_json_string("</script><!-- \"\\\n") == "\"\\u003c/script>\\u003c!-- \\\"\\\\\\u000a\"");
  CHECK(ec::detail::html_json_string("\xfe") == "\"�\"");
}

TEST_CASE("base64: the test vectors of RFC 4648, and every digit") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xfb\xff\xbf\x00\x10\x83"s) == "+/+/ABCD");
}
