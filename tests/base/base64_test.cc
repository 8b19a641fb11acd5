#include "base/base64.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(Base64, writes_and_reads_what_the_standard_says) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
                                    {"\xff\xfe\xfd", "//79"}}) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(base64_bytes(text), bytes);
  }
}

TEST(Base64, reads_nothing_that_it_would_not_write) {
  for (const std::string text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm9v ", "Zm 9", "Zg==Zg==", "Zm-_"})
    EXPECT_EQ(base64_bytes(text), std::nullopt) << text;
}

}  // namespace
}  // namespace headroom
