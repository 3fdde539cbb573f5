"""A real language model behind OpenAI's protocol, on this machine only. Runs in the demo's own environment.

    python model_server.py MODEL.gguf NAME [embeddings]

Prints its base address on one line when it is ready. It ends when its standard input closes, and that happens
when whoever started it is gone, however that came about.
"""

import sys

import xllamacpp

CONTEXT_TOKENS = 1024


def main(model_path: str, name: str, purpose: str = "chat") -> None:
    """Serve `model_path` as model `name`, for chat or for embeddings, until standard input closes."""
    params = xllamacpp.CommonParams()
    params.model.path = model_path
    params.model_alias = {name}
    params.hostnames = ["127.0.0.1"]
    params.n_ctx = CONTEXT_TOKENS
    params.use_jinja = True  # the model's own chat template
    # One thread: several that wait for each other come to a crawl on a machine that is busy with anything else.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.sampling.temp = 0.0  # the same answer each time
    params.sampling.seed = 1
    params.verbosity = 1  # errors only
    if purpose == "embeddings":
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
