"""How fast llama.cpp reads a prompt and decodes on the CPU: the peer of decode.lua.

    python llama_cpp_decode.py --quant Q8_0 --hidden 768 --layers 12 --heads 12 --intermediate 2048

A model with random weights is written in F16 into --folder, and llama.cpp's own quantisation makes the other formats of
it; both are kept for the next time. The file is read, not mapped. Each repetition reads a fresh prompt of random ids and
decodes so many more, one at a time; the JSON line at the end has medians.
"""
import argparse
import ctypes
import json
import multiprocessing
import os
import resource
import statistics
import time

import gguf
import llama_cpp
import numpy

TYPES = {
    "F16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}


def arguments():
    parser = argparse.ArgumentParser(description="Decoding speed of llama.cpp on the CPU.")
    parser.add_argument("--quant", choices=list(TYPES), default="F16")
    parser.add_argument("--folder", default=".", help="where the models are kept")
    for name, default in [
        ("hidden", 768), ("layers", 12), ("heads", 12), ("kv-heads", 0), ("intermediate", 2048), ("vocabulary", 32000),
        ("prompt", 512), ("new", 64), ("repeat", 3), ("threads", os.cpu_count()),
    ]:
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    args.kv_heads = args.kv_heads or args.heads
    return args


def vocabulary(size):
    """Pieces, scores and types of a tokenizer that nothing is encoded with."""
    kind = gguf.TokenType
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL] + [kind.BYTE] * 256
    more = size - len(pieces)
    pieces += [f"piece{number}" for number in range(more)]
    types += [kind.NORMAL] * more
    return [piece.encode() for piece in pieces], [0.0] * size, types


def write_model(path, args):
    random = numpy.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(4096)
    writer.add_embedding_length(args.hidden)
    writer.add_block_count(args.layers)
    writer.add_feed_forward_length(args.intermediate)
    writer.add_head_count(args.heads)
    writer.add_head_count_kv(args.kv_heads)
    writer.add_rope_dimension_count(args.hidden // args.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(args.vocabulary)
    pieces, scores, types = vocabulary(args.vocabulary)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)

    def matrix(name, rows, columns):
        values = random.standard_normal((rows, columns), dtype=numpy.float32)
        writer.add_tensor(name + ".weight", (0.02 * values).astype(numpy.float16))

    def norm(name):
        writer.add_tensor(name + ".weight", numpy.ones(args.hidden, dtype=numpy.float32))

    kv = args.kv_heads * (args.hidden // args.heads)
    matrix("token_embd", args.vocabulary, args.hidden)
    for layer in range(args.layers):
        block = f"blk.{layer}."
        norm(block + "attn_norm")
        matrix(block + "attn_q", args.hidden, args.hidden)
        matrix(block + "attn_k", kv, args.hidden)
        matrix(block + "attn_v", kv, args.hidden)
        matrix(block + "attn_output", args.hidden, args.hidden)
        norm(block + "ffn_norm")
        matrix(block + "ffn_gate", args.intermediate, args.hidden)
        matrix(block + "ffn_up", args.intermediate, args.hidden)
        matrix(block + "ffn_down", args.hidden, args.intermediate)
    norm("output_norm")
    matrix("output", args.vocabulary, args.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def model_paths(args):
    """The files of the model in F16 and in the format asked for."""
    shape = f"{args.hidden}x{args.layers}-{args.heads}-{args.kv_heads}-{args.intermediate}-{args.vocabulary}"
    base = os.path.join(args.folder, f"random-{shape}-F16.gguf")
    return base, base.replace("-F16.gguf", f"-{args.quant}.gguf")


def make_files(args):
    """Makes what is missing, under another name first, so that a file that is there is whole."""
    base, path = model_paths(args)
    if not os.path.exists(base):
        write_model(base + ".part", args)
        os.rename(base + ".part", base)
    if not os.path.exists(path):
        settings = llama_cpp.llama_model_quantize_default_params()
        settings.ftype = TYPES[args.quant]
        settings.nthread = args.threads
        if llama_cpp.llama_model_quantize(base.encode(), (path + ".part").encode(), ctypes.byref(settings)) != 0:
            raise SystemExit(f"llama.cpp cannot quantise {base} to {args.quant}")
        os.rename(path + ".part", path)


def make_elsewhere(args):
    """In another process, whose memory does not count as that of decoding."""
    process = multiprocessing.Process(target=make_files, args=(args,))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit("the model cannot be made")


def main():
    args = arguments()
    make_elsewhere(args)
    _, made = model_paths(args)
    model = llama_cpp.Llama(
        made, n_ctx=args.prompt + args.new + 8, n_batch=512, n_threads=args.threads, n_threads_batch=args.threads,
        use_mmap=False, verbose=False,
    )
    random = numpy.random.default_rng(2)
    reading, decoding = [], []
    for _ in range(args.repeat):
        prompt, new = (random.integers(300, args.vocabulary, count).tolist() for count in (args.prompt, args.new))
        model.reset()
        start = time.perf_counter()
        model.eval(prompt)
        middle = time.perf_counter()
        for token in new:
            model.eval([token])
        end = time.perf_counter()
        reading.append(args.prompt / (middle - start))
        decoding.append(args.new / (end - middle))
    speed = statistics.median(decoding)
    print(json.dumps({
        "quant": args.quant, "file_mb": round(os.path.getsize(made) / 1e6, 1),
        "versions": {"llama-cpp-python": llama_cpp.__version__},
        "prefill_tok_s": round(statistics.median(reading), 1), "decode_tok_s": round(speed, 1),
        "decode_gb_s": round(speed * os.path.getsize(made) / 1e9, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))


if __name__ == "__main__":
    main()
