// The likeliest segmentation under a unigram vocabulary, in float throughout.
//
// sentencepiece 0.1.97 (Debian) compares a double with a stored float here, so that of two equally likely segmentations
// either may win; sentencepiece 0.2 keeps the first. This is 0.2's rule.
#ifndef YUYAN_UNIGRAM_PATH_H
#define YUYAN_UNIGRAM_PATH_H

#include <sentencepiece_processor.h>

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

class UnigramPath {
 public:
  explicit UnigramPath(const sentencepiece::SentencePieceProcessor &processor);

  struct Step {
    int32_t id;
    uint32_t begin;  // bytes of the normalised text
    uint32_t end;
  };

  // Runs of unknown characters are one step, as in the library.
  std::vector<Step> best(std::string_view normalized) const;

 private:
  static constexpr uint32_t none = UINT32_MAX;
  uint32_t child(uint32_t node, unsigned char byte) const;

  int32_t unknown_;
  float unknown_score_;
  std::vector<float> scores_;
  std::vector<int32_t> ids_;                          // by node; -1 where no piece ends
  std::unordered_map<uint64_t, uint32_t> children_;   // (node, byte) to node
  uint32_t first_[256];                               // children of the root
};

#endif
