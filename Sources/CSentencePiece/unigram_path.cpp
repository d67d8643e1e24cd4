#include "unigram_path.h"

#include <algorithm>
#include <cfloat>

UnigramPath::UnigramPath(const sentencepiece::SentencePieceProcessor &processor) : unknown_(processor.unk_id()) {
  std::fill(std::begin(first_), std::end(first_), none);
  ids_.push_back(-1);
  float lowest = FLT_MAX;
  const int count = processor.GetPieceSize();
  scores_.resize(count);
  for (int id = 0; id < count; ++id) {
    if (processor.IsUnknown(id) || processor.IsControl(id) || processor.IsByte(id) || processor.IsUnused(id)) continue;
    scores_[id] = processor.GetScore(id);
    lowest = std::min(lowest, scores_[id]);
    uint32_t node = 0;
    for (const char letter : processor.IdToPiece(id)) {
      const auto byte = static_cast<unsigned char>(letter);
      uint32_t next = child(node, byte);
      if (next == none) {
        next = static_cast<uint32_t>(ids_.size());
        ids_.push_back(-1);
        if (node == 0) {
          first_[byte] = next;
        } else {
          children_[uint64_t(node) << 8 | byte] = next;
        }
      }
      node = next;
    }
    ids_[node] = id;
  }
  // The library's penalty for a character that the vocabulary does not hold.
  unknown_score_ = lowest - 10.0f;
}

uint32_t UnigramPath::child(uint32_t node, unsigned char byte) const {
  if (node == 0) return first_[byte];
  const auto found = children_.find(uint64_t(node) << 8 | byte);
  return found == children_.end() ? none : found->second;
}

std::vector<UnigramPath::Step> UnigramPath::best(std::string_view text) const {
  struct Node {
    int32_t id = -1;
    float score = 0;
    int64_t begin = -1;
  };
  const size_t size = text.size();
  std::vector<Node> nodes(size + 1);
  const auto offer = [&](size_t begin, size_t end, int32_t id, float score) {
    Node &node = nodes[end];
    const float total = score + nodes[begin].score;
    if (node.begin >= 0 && !(total > node.score)) return;
    node = {id, total, static_cast<int64_t>(begin)};
  };
  for (size_t begin = 0; begin < size;) {
    const auto lead = static_cast<unsigned char>(text[begin]);
    const size_t length = std::min<size_t>(lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, size - begin);
    bool single = false;
    uint32_t node = 0;
    for (size_t end = begin; end < size;) {
      node = child(node, static_cast<unsigned char>(text[end]));
      if (node == none) break;
      ++end;
      if (ids_[node] < 0) continue;
      offer(begin, end, ids_[node], scores_[ids_[node]]);
      single = single || end - begin == length;
    }
    if (!single) offer(begin, begin + length, unknown_, unknown_score_);
    begin += length;
  }
  std::vector<Step> steps;
  for (size_t end = size; end > 0; end = static_cast<size_t>(nodes[end].begin)) {
    const auto begin = static_cast<uint32_t>(nodes[end].begin);
    if (nodes[end].id == unknown_ && !steps.empty() && steps.back().id == unknown_) {
      steps.back().begin = begin;
    } else {
      steps.push_back({nodes[end].id, begin, static_cast<uint32_t>(end)});
    }
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}
