"""How fast PyTorch trains a Llama on the CPU, with PEFT's LoRA or in full: the peer of train.lua.

    python torch_train.py --mode lora --dtype bf16 --hidden 768 --layers 12 --heads 12 --intermediate 2048

The model has random weights, every step trains on fresh random ids: forward, backward, clipping at 1, fused AdamW.
Two steps warm up; the JSON line at the end has the median of the others.
"""
import argparse
import json
import os
import resource
import statistics
import time

import torch
import transformers

WARM_UP = 2
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def arguments():
    parser = argparse.ArgumentParser(description="Training speed of PyTorch on the CPU.")
    parser.add_argument("--mode", choices=["lora", "full"], default="lora")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    for name, default in [
        ("hidden", 768), ("layers", 12), ("heads", 12), ("kv-heads", 0), ("intermediate", 2048), ("vocabulary", 32000),
        ("rank", 8), ("batch", 4), ("length", 512), ("steps", 4), ("threads", os.cpu_count()),
    ]:
        parser.add_argument("--" + name, type=int, default=default)
    return parser.parse_args()


def make_model(args):
    config = transformers.LlamaConfig(
        hidden_size=args.hidden,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        num_key_value_heads=args.kv_heads or args.heads,
        intermediate_size=args.intermediate,
        vocab_size=args.vocabulary,
        max_position_embeddings=max(2048, args.length),
        tie_word_embeddings=False,
        attn_implementation="sdpa",
    )
    model = transformers.LlamaForCausalLM(config)
    if args.dtype == "bf16":
        model.to(torch.bfloat16)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    if args.mode == "lora":
        import peft

        lora = peft.LoraConfig(
            r=args.rank, lora_alpha=2 * args.rank, lora_dropout=0.0, target_modules=LINEARS, task_type="CAUSAL_LM"
        )
        model = peft.get_peft_model(model, lora)
        versions["peft"] = peft.__version__
    return model.train(), versions


def train_step(model, trained, optimizer, ids):
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model, versions = make_model(args)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, fused=True)
    seconds = []
    for _ in range(WARM_UP + args.steps):
        ids = torch.randint(args.vocabulary, (args.batch, args.length))
        start = time.perf_counter()
        loss = train_step(model, trained, optimizer, ids)
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[WARM_UP:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({
        "mode": args.mode, "dtype": args.dtype, "batch": args.batch, "seq": args.length, "versions": versions,
        "tokens_per_s": round(args.batch * args.length / step, 1), "step_s": round(step, 3), "loss": round(loss, 4),
        "peak_rss_mb": peak,
    }))


if __name__ == "__main__":
    main()
