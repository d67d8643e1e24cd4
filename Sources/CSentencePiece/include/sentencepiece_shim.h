/* sentencepiece behind C: loading and encoding. No exception and no status object leaves this file's functions;
   a failure is a message that the caller frees. Handles are immutable after loading and may be used from several threads. */
#ifndef YUYAN_SENTENCEPIECE_SHIM_H
#define YUYAN_SENTENCEPIECE_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yy_sentencepiece yy_sentencepiece;

/* One token and the bytes of the text it stands for: [begin, end). */
typedef struct {
  int32_t id;
  uint32_t begin;
  uint32_t end;
} yy_span;

/* Which search finds the pieces. */
enum {
  YY_LIBRARY_SEARCH = 0,
  YY_UNIGRAM_SEARCH = 1,      /* ours, see unigram_path.h; for unigram models without user-defined pieces */
  YY_UNIGRAM_BYTE_SEARCH = 2, /* the same where unknown characters fall apart into bytes */
};

/* Loads a serialised ModelProto. NULL on failure, and then *message is set. */
yy_sentencepiece *yy_sentencepiece_load(const void *model, size_t size, int search, char **message);
void yy_sentencepiece_free(yy_sentencepiece *handle);

/* Token ids of valid UTF-8 text, without begin and end tokens. Returns 0 and a buffer for yy_release, or -1 and a message. */
int yy_sentencepiece_encode(
    const yy_sentencepiece *handle, const char *text, size_t size, int32_t **ids, size_t *count, char **message);

/* As encode, with byte ranges. A character that falls apart into byte tokens gives each of them its own byte where the
   normaliser left the character alone; else the last of them has the whole character and the others an empty range. */
int yy_sentencepiece_spans(
    const yy_sentencepiece *handle, const char *text, size_t size, yy_span **spans, size_t *count, char **message);

/* The strings of the encoded pieces one after the other. For a vocabulary of <unk> alone that is the normalised text. */
int yy_sentencepiece_surface(
    const yy_sentencepiece *handle, const char *text, size_t size, char **bytes, size_t *count, char **message);

/* Frees what the functions above handed out. */
void yy_release(void *buffer);

#ifdef __cplusplus
}
#endif

#endif
