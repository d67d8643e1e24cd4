#include "sentencepiece_shim.h"

#include "unigram_path.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

struct yy_sentencepiece {
  sentencepiece::SentencePieceProcessor processor;
  // The value of a byte token by id, -1 for every other token.
  std::vector<int16_t> byte_value;
  // The id of a byte's token; -1 where unknown characters stay unknown.
  int32_t byte_token[256];
  // Present where we search ourselves.
  std::unique_ptr<UnigramPath> path;
};

namespace {

char *copy_message(const char *text) noexcept {
  const size_t size = std::strlen(text) + 1;
  char *copy = static_cast<char *>(std::malloc(size));
  if (copy != nullptr) std::memcpy(copy, text, size);
  return copy;
}

// Runs body and turns whatever it throws, or a failed status, into a message. True when all went well.
template <typename Body>
bool guarded(char **message, Body body) noexcept {
  *message = nullptr;
  try {
    const sentencepiece::util::Status status = body();
    if (status.ok()) return true;
    *message = copy_message(status.error_message());
  } catch (const std::exception &error) {
    *message = copy_message(error.what());
  } catch (...) {
    *message = copy_message("unknown failure inside sentencepiece");
  }
  return false;
}

// A malloc'ed copy; never NULL for an empty vector, so that NULL always means out of memory.
template <typename Element>
Element *copy_elements(const Element *elements, size_t count) {
  void *copy = std::malloc(count == 0 ? 1 : count * sizeof(Element));
  if (copy == nullptr) throw std::bad_alloc();
  if (count != 0) std::memcpy(copy, elements, count * sizeof(Element));
  return static_cast<Element *>(copy);
}

size_t character_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// Bytes of the normalised text, and for the beginning of each character its place in the text.
struct Normalized {
  std::string bytes;
  std::vector<uint32_t> origin;

  void append(std::string_view piece, std::string_view surface, uint32_t begin, uint32_t end) {
    const size_t start = bytes.size();
    bytes += piece;
    origin.resize(bytes.size() + 1, begin);
    origin[bytes.size()] = end;
    // Characters correspond one to one wherever the normaliser only replaces; the first may be a space it added.
    std::vector<size_t> inner, outer;
    for (size_t i = 0; i < piece.size(); i += character_length(piece[i])) inner.push_back(i);
    for (size_t i = 0; i < surface.size(); i += character_length(surface[i])) outer.push_back(i);
    const size_t added = inner.size() - outer.size();
    if (inner.size() < outer.size() || added > 1) return;
    for (size_t i = added; i < inner.size(); ++i) {
      origin[start + inner[i]] = begin + static_cast<uint32_t>(outer[i - added]);
    }
  }
};

// The library normalises, we search.
std::vector<yy_span> best_spans(
    const yy_sentencepiece &handle, std::string_view text,
    const sentencepiece::ImmutableSentencePieceText &encoded) {
  Normalized normalized;
  std::string character;
  for (size_t i = 0; i < encoded.pieces_size(); ++i) {
    const auto piece = encoded.pieces(static_cast<int>(i));
    const int16_t byte = handle.byte_value[piece.id()];
    if (byte >= 0) {
      character += static_cast<char>(byte);
      if (character.size() < character_length(character[0])) continue;
      normalized.append(character, text.substr(piece.begin(), piece.end() - piece.begin()), piece.begin(), piece.end());
      character.clear();
    } else {
      normalized.append(
          piece.piece(), text.substr(piece.begin(), piece.end() - piece.begin()), piece.begin(), piece.end());
    }
  }
  std::vector<yy_span> spans;
  for (const auto &step : handle.path->best(normalized.bytes)) {
    const bool unknown = handle.processor.IsUnknown(step.id);
    if (!unknown || handle.byte_token[0] < 0) {
      spans.push_back({step.id, normalized.origin[step.begin], normalized.origin[step.end]});
      continue;
    }
    for (size_t at = step.begin; at < step.end;) {
      const size_t next = at + character_length(normalized.bytes[at]);
      for (size_t i = at; i < next; ++i) {
        const int32_t id = handle.byte_token[static_cast<unsigned char>(normalized.bytes[i])];
        spans.push_back({id, normalized.origin[at], normalized.origin[i + 1 == next ? next : at]});
      }
      at = next;
    }
  }
  return spans;
}

// Gives each byte token of a run its own byte, when the run spells out the bytes of the text.
void spread_bytes(const yy_sentencepiece &handle, std::string_view text, std::vector<yy_span> &spans) {
  for (size_t last = 0; last < spans.size(); ++last) {
    const yy_span whole = spans[last];
    const size_t width = whole.end - whole.begin;
    if (handle.byte_value[whole.id] < 0 || width < 2 || width > last + 1) continue;
    const size_t first = last + 1 - width;
    bool spells = true;
    for (size_t i = 0; i < width && spells; ++i) {
      const yy_span &span = spans[first + i];
      spells = handle.byte_value[span.id] == static_cast<unsigned char>(text[whole.begin + i]) &&
               (first + i == last || (span.begin == whole.begin && span.end == whole.begin));
    }
    if (!spells) continue;
    for (uint32_t i = 0; i < width; ++i) {
      spans[first + i].begin = whole.begin + i;
      spans[first + i].end = whole.begin + i + 1;
    }
  }
}

}  // namespace

yy_sentencepiece *yy_sentencepiece_load(const void *model, size_t size, int search, char **message) {
  yy_sentencepiece *handle = nullptr;
  const bool loaded = guarded(message, [&] {
    handle = new yy_sentencepiece();
    const auto status =
        handle->processor.LoadFromSerializedProto(std::string_view(static_cast<const char *>(model), size));
    if (!status.ok()) return status;
    const int count = handle->processor.GetPieceSize();
    handle->byte_value.assign(count, -1);
    std::fill(std::begin(handle->byte_token), std::end(handle->byte_token), -1);
    for (int id = 0; id < count; ++id) {
      if (!handle->processor.IsByte(id)) continue;
      // "<0xE4>"
      const std::string &piece = handle->processor.IdToPiece(id);
      if (piece.size() != 6) continue;
      const long value = std::strtol(piece.c_str() + 1, nullptr, 16);
      handle->byte_value[id] = static_cast<int16_t>(value);
      if (search == YY_UNIGRAM_BYTE_SEARCH) handle->byte_token[value & 0xFF] = id;
    }
    if (search != YY_LIBRARY_SEARCH) handle->path = std::make_unique<UnigramPath>(handle->processor);
    return status;
  });
  if (loaded) return handle;
  delete handle;
  return nullptr;
}

void yy_sentencepiece_free(yy_sentencepiece *handle) { delete handle; }

int yy_sentencepiece_encode(
    const yy_sentencepiece *handle, const char *text, size_t size, int32_t **ids, size_t *count, char **message) {
  const bool done = guarded(message, [&] {
    std::vector<int> output;
    const std::string_view view(text, size);
    sentencepiece::util::Status status;
    if (handle->path) {
      sentencepiece::ImmutableSentencePieceText encoded;
      status = handle->processor.Encode(view, encoded.mutable_proto());
      if (!status.ok()) return status;
      for (const yy_span &span : best_spans(*handle, view, encoded)) output.push_back(span.id);
    } else {
      status = handle->processor.Encode(view, &output);
      if (!status.ok()) return status;
    }
    *ids = copy_elements(reinterpret_cast<const int32_t *>(output.data()), output.size());
    *count = output.size();
    return status;
  });
  return done ? 0 : -1;
}

int yy_sentencepiece_spans(
    const yy_sentencepiece *handle, const char *text, size_t size, yy_span **spans, size_t *count, char **message) {
  const bool done = guarded(message, [&] {
    sentencepiece::ImmutableSentencePieceText output;
    const std::string_view view(text, size);
    const auto status = handle->processor.Encode(view, output.mutable_proto());
    if (!status.ok()) return status;
    std::vector<yy_span> result;
    if (handle->path) {
      result = best_spans(*handle, view, output);
    } else {
      result.reserve(output.pieces_size());
      for (size_t i = 0; i < output.pieces_size(); ++i) {
        const auto piece = output.pieces(static_cast<int>(i));
        result.push_back({static_cast<int32_t>(piece.id()), piece.begin(), piece.end()});
      }
    }
    spread_bytes(*handle, view, result);
    *spans = copy_elements(result.data(), result.size());
    *count = result.size();
    return status;
  });
  return done ? 0 : -1;
}

int yy_sentencepiece_surface(
    const yy_sentencepiece *handle, const char *text, size_t size, char **bytes, size_t *count, char **message) {
  const bool done = guarded(message, [&] {
    std::vector<std::string> pieces;
    const auto status = handle->processor.Encode(std::string_view(text, size), &pieces);
    if (!status.ok()) return status;
    std::string all;
    for (const auto &piece : pieces) all += piece;
    *bytes = copy_elements(all.data(), all.size());
    *count = all.size();
    return status;
  });
  return done ? 0 : -1;
}

void yy_release(void *buffer) { std::free(buffer); }
