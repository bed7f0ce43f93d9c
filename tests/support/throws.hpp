// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>

#include "support/catch.hpp"

/// The call must throw an Expected (or what derives from it) whose message holds every part:
///   expect_error<ec::ShapeError>([&] { model.encode(x); }, {"784 rows", "found 783"});
template <class Expected, class Call>
void expect_error(Call&& call, std::initializer_list<std::string_view> parts) {
  try {
    call();
  } catch (const Expected& error) {
    const std::string message = error.what();
    for (const std::string_view part : parts) {
      INFO("message: " << message << "\nmust say: " << part);
      CHECK(message.find(part) != std::string::npos);
    }
    return;
  } catch (const std::exception& error) {
    FAIL("threw an error of another type: " << error.what());
  }
  FAIL("threw nothing");
}
