#include <algorithm>
#include <iterator>

#include "headroom/load_event.h"

namespace headroom {
namespace {

class LoadDecoder final : public Decoder<LoadEvent> {
 public:
  explicit LoadDecoder(const SampleDecoderOptions& options) : samples_(make_sample_decoder(options)) {}

  void begin_batch() override { samples_->begin_batch(); }

  void decode(const Record& record, uint32_t index, Decoded<LoadEvent>& out) override {
    decoded_.clear();
    samples_->decode(record, index, decoded_);
    for (const auto& value : decoded_.values) out.values.push_back({value.record, {false, value.value.time_ms, value.value}});
    const auto latest =
        std::max_element(decoded_.ticks.begin(), decoded_.ticks.end(), [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
    if (latest != decoded_.ticks.end()) out.values.push_back({index, {true, latest->time_ms, {}}});
    for (auto& tick : decoded_.ticks) out.ticks.push_back({tick.record, static_cast<uint32_t>(out.values.size()), tick.time_ms});
    for (auto& reject : decoded_.rejects) out.rejects.push_back({reject.record, reject.reason, reject.count, std::move(reject.indexes)});
    add_reasons(out);
  }

 private:
  void add_reasons(Decoded<LoadEvent>& out) const {
    for (const auto& of_record : decoded_.reasons) {
      const auto known =
          std::find_if(out.reasons.begin(), out.reasons.end(), [&](const auto& reason) { return reason.first == of_record.first; });
      if (known == out.reasons.end())
        out.reasons.push_back(of_record);
      else
        known->second += of_record.second;
    }
  }

  std::unique_ptr<Decoder<Sample>> samples_;
  Decoded<Sample> decoded_;  // of one record
};

}  // namespace

std::unique_ptr<Decoder<LoadEvent>> make_load_decoder(const SampleDecoderOptions& options) {
  return std::make_unique<LoadDecoder>(options);
}

}  // namespace headroom
