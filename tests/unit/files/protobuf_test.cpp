// SPDX-License-Identifier: MIT
#include "eigencoder/files/protobuf.hpp"

#include <limits>
#include <string>

#include "support/catch.hpp"

namespace ec = eigencoder;
using namespace std::string_literals;

namespace {

std::string bytes(const ec::ProtobufMessage& message) { return message.bytes(); }

}  // namespace

// The first three are those of https://protobuf.dev/programming-guides/encoding, the others follow from its rules.
TEST_CASE("A field is its key and its value") {
  CHECK(bytes(ec::ProtobufMessage().integer(1, 150)) == "\x08\x96\x01"s);
  CHECK(bytes(ec::ProtobufMessage().text(2, "testing")) == "\x12\x07testing"s);
  CHECK(bytes(ec::ProtobufMessage().message(3, ec::ProtobufMessage().integer(1, 150))) == "\x1a\x03\x08\x96\x01"s);
  CHECK(bytes(ec::ProtobufMessage().integer(1, -2)) == "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  CHECK(bytes(ec::ProtobufMessage().integer(1, 0)) == "\x08\0"s);
  CHECK(bytes(ec::ProtobufMessage().integer(1, 127)) == "\x08\x7f"s);
  CHECK(bytes(ec::ProtobufMessage().integer(1, 128)) == "\x08\x80\x01"s);
  CHECK(bytes(ec::ProtobufMessage().integer(1, std::numeric_limits<std::int64_t>::max())) ==
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s);
  CHECK(bytes(ec::ProtobufMessage().real(1, 1.0F)) == "\x0d\0\0\x80\x3f"s);
  CHECK(bytes(ec::ProtobufMessage().real(1, -2.0)) == "\x09\0\0\0\0\0\0\0\xc0"s);
  CHECK(bytes(ec::ProtobufMessage().text(15, "")) == "\x7a\0"s);
}

TEST_CASE("A field's number beyond 15 takes a second byte") {
  CHECK(bytes(ec::ProtobufMessage().integer(16, 1)) == "\x80\x01\x01"s);
  CHECK(bytes(ec::ProtobufMessage().integer(20, 7)) == "\xa0\x01\x07"s);
}

TEST_CASE("Fields are in the order of the calls, and those of another message come after them") {
  ec::ProtobufMessage all;
  all.integer(1, 8).fields(ec::ProtobufMessage().text(2, "a").text(2, "b"));
  CHECK(bytes(all) == "\x08\x08\x12\x01"s + "a\x12\x01"s + "b"s);
  CHECK(std::move(all).take().size() == 8);
}

TEST_CASE("A text may be long") {
  const std::string text(300, '.');
  CHECK(bytes(ec::ProtobufMessage().text(1, text)) == "\x0a\xac\x02"s + text);
}
