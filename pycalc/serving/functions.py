"""Serving as worksheet functions: one figure each, and SERVE_ESTIMATE, which spills them all with their bands."""

from typing import Annotated, Any

import numpy as np

from pycalc.cost import MILLION, SECONDS_PER_HOUR
from pycalc.errors import NotAvailableError
from pycalc.formula import formula
from pycalc.lookups import CATALOGUE, Gpu
from pycalc.models import KvBits, ModelName, architecture
from pycalc.quantities import (
    InputPrice,
    Numeric,
    OutputPrice,
    Quantity,
    RevenuePerHour,
    Seconds,
    Text,
    TokensPerSecond,
    UsdPerMtok,
    Users,
    Utilisation,
)
from pycalc.tables import Table, table

SOURCE = "bytes and FLOPs of the model's config.json over what measured systems reach; " + CATALOGUE
ITERATES = "looks up catalogues and measured constants, which no cell holds"
LEVELS = ("low", "mid", "high")

ServeGpus = Annotated[Numeric, Quantity("G", "GPUs", "GPUs of the deployment", 1, 1e5, whole=True)]
Tensor = Annotated[Numeric, Quantity("T", "GPUs", "GPUs that share each layer; the rest hold copies", 1, 1e5, whole=True)]
ServeBatch = Annotated[
    Numeric, Quantity("B", "sequences", "Sequences decoded together on one copy; blank: as many as fit", 1, 1e6)
]
ServeInput = Annotated[Numeric, Quantity("n_in", "tokens", "Tokens of the prompt", 0, 1e9)]
ServeOutput = Annotated[Numeric, Quantity("n_out", "tokens", "Tokens generated", 0, 1e9)]
ServeBits = Annotated[
    Numeric, Quantity("b_w", "bits", "Bits per weight, scales included; blank: as the model's files have them", 0.5, 32)
]
EngineName = Annotated[
    Text, Quantity("engine", "text", '"vLLM", "TensorRT-LLM", "SGLang", "llama.cpp", "MLX", …; "auto" takes the usual')
]
Level = Annotated[
    Numeric,
    Quantity("level", "level", "Which end of the estimate", choices={level: float(i) for i, level in enumerate(LEVELS)}),
]
HourPrice = Annotated[Numeric, Quantity("p_h", "USD/hour", "Price of one GPU's hour; blank: the catalogue's median", 0, 1e6)]
Binding = Annotated[Text, Quantity("-", "text", "The largest part of a decode step")]


def _figure(figure: str, level: Any, model: str, gpu: str, *setup: Any) -> Any:
    """One figure of the estimate; arrays of anything but names.  Figures in USD are those at 1 USD an hour, all hours used."""
    *numbers, engine = setup
    arrays = np.broadcast_arrays(*(np.asarray(np.nan if v is None else v, float) for v in (*numbers, level)))
    if not arrays[0].ndim:
        return _scalar(figure, model, gpu, engine, [float(a) for a in arrays])
    flat = [a.reshape(-1) for a in arrays]
    unset = np.isnan(flat[BATCH])
    # a blank or worse among these is looked at by itself afterwards; here it only must not disturb the others
    sound = np.all([np.isfinite(flat[i]) for i in range(len(flat)) if i not in MAY_BE_BLANK], axis=0)
    sound &= ~np.any([np.isinf(flat[i]) for i in MAY_BE_BLANK], axis=0)
    keys = np.stack([np.nan_to_num(flat[i], nan=-1.0) for i in range(len(flat)) if i not in LOADS] + [unset], axis=1)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    out: Any = np.full(flat[0].size, None if figure == "bound_by" else np.nan, object if figure == "bound_by" else float)
    for group in range(len(first)):
        chosen = np.flatnonzero((which.reshape(-1) == group) & sound)
        if not chosen.size:
            continue
        out[chosen] = _scalar(figure, model, gpu, engine, [float(a[chosen[0]]) for a in flat], [flat[i][chosen] for i in LOADS])
    return out.reshape(arrays[0].shape)


BATCH = 2
MAY_BE_BLANK = (1, BATCH, 5)
"""Of tensor, batch and weight bits a blank has a meaning of its own."""
LOADS = (BATCH, 3, 4)
"""The places of batch, input and output among the numbers: what differs within one deployment."""


def _scalar(figure: str, model: str, gpu: str, engine: str, values: list[float], load: Any = None) -> Any:
    """The figure for one deployment; ``load`` holds arrays of batch, input and output where there are several."""
    from pycalc.serving.estimate import COMPUTED, Band, Load
    from pycalc.serving.request import Setup, answer, find_chip

    gpus, tensor, batch, n_in, n_out, weight_bits, kv_bits, level = values
    batches, inputs, outputs = load if load is not None else (batch, n_in, n_out)
    setup = Setup(int(gpus), _whole(tensor), None, None, _given(weight_bits), kv_bits, engine)
    asked = Load(inputs, outputs, None if np.all(np.isnan(batches)) else batches)
    found = answer(architecture(model), find_chip(gpu), setup, asked, name=model, usd_per_hour=1.0)
    if figure in COMPUTED and found.deployment.replica.hardware.peak_16 is None:
        raise NotAvailableError(found.assumptions["compute"])
    value = getattr(found.estimate, figure)
    value = value[int(level)] if isinstance(value, Band) else value
    return value if load is not None else value.item()


def _rent(gpu: str, usd_per_hour: Any) -> Any:
    """The price of an hour as given, else the median that the catalogue knows."""
    from pycalc.serving.money import rented
    from pycalc.serving.request import find_chip

    if usd_per_hour is not None:
        return usd_per_hour
    money = rented(find_chip(gpu))
    if money is None:
        raise NotAvailableError(f"no rent of {find_chip(gpu).name} is known; give usd_per_hour")
    return money.usd_per_gpu_hour


def _given(value: float) -> float | None:
    return None if np.isnan(value) else value


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


@formula("6.1", source=SOURCE, untraceable=ITERATES)
def serve_ttft(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    level: Level = "mid",
) -> Seconds:
    """Time to first token of a prompt that finds the GPUs free.

    >>> 0.01 < serve_ttft("Llama 3.1 8B", "H100 SXM", input_tokens=1024) < 0.1
    True
    """
    return _figure("ttft_s", level, model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)


@formula("6.1", source=SOURCE, untraceable=ITERATES)
def serve_tpot(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    level: Level = "mid",
) -> Seconds:
    """Time per output token: a decode step of the batch at the mean context of the answers.

    >>> 0.015 < serve_tpot("Llama 3.1 8B", "RTX 4090", batch=1) < 0.025
    True
    """
    return _figure("tpot_s", level, model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)


@formula("6.1", source=SOURCE, untraceable=ITERATES)
def serve_tokens_per_second(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    level: Level = "mid",
) -> TokensPerSecond:
    """Output tokens per second of all users together, the time of their prompts included.

    NVIDIA published 13,899 tokens/s for prompts of 1,000 and answers of 2,000 tokens in FP8:

    >>> asked = {"input_tokens": 1000, "output_tokens": 2000, "weight_bits": 8, "kv_bits": 8, "engine": "TensorRT-LLM"}
    >>> 0.85 < serve_tokens_per_second("Llama 3.1 8B", "H100 SXM", **asked) / 13899 < 1.15
    True
    """
    return _figure(
        "tokens_per_s", level, model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine
    )


@formula("5.5", source=SOURCE, untraceable=ITERATES)
def serve_users(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    level: Level = "mid",
) -> Users:
    """Sequences that the deployment holds at once: memory beside the weights, in whole pages, up to the engine's limit.

    >>> serve_users("Llama 3.1 8B", "H100 SXM", input_tokens=30000, output_tokens=2000)
    14.0
    """
    return _figure(
        "max_users", level, model, gpu, gpus, tensor, None, input_tokens, output_tokens, weight_bits, kv_bits, engine
    )


@formula("6.2", source=SOURCE, untraceable=ITERATES)
def serve_input_cost(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    usd_per_hour: HourPrice = None,
    utilisation: Utilisation = 1,
    level: Level = "mid",
) -> UsdPerMtok:
    """USD per million input tokens: the GPU time of prefill.

    >>> asked = {"model": "Llama 3.1 8B", "gpu": "H100 SXM", "usd_per_hour": 2}
    >>> serve_input_cost(**asked) < serve_output_cost(**asked)
    True
    """
    setup = (model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)
    return _figure("usd_per_mtok_input", level, *setup) * _rent(gpu, usd_per_hour) / utilisation


@formula("6.2", source=SOURCE, untraceable=ITERATES)
def serve_output_cost(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    usd_per_hour: HourPrice = None,
    utilisation: Utilisation = 1,
    level: Level = "mid",
) -> UsdPerMtok:
    """USD per million output tokens: the GPU time of decoding.

    >>> half = serve_output_cost("Llama 3.1 8B", "H100 SXM", usd_per_hour=2, utilisation=0.5)
    >>> round(half / serve_output_cost("Llama 3.1 8B", "H100 SXM", usd_per_hour=2), 9)
    2.0
    """
    setup = (model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)
    return _figure("usd_per_mtok_output", level, *setup) * _rent(gpu, usd_per_hour) / utilisation


@formula("5.6", source=SOURCE, untraceable=ITERATES)
def serve_revenue(
    model: ModelName,
    gpu: Gpu,
    input_price: InputPrice,
    output_price: OutputPrice,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    utilisation: Utilisation = 1,
    level: Level = "mid",
) -> RevenuePerHour:
    """Revenue of one GPU in an hour at these prices per million tokens; it falls as contexts grow.

    >>> short = serve_revenue("Llama 3.1 8B", "H100 SXM", 0.05, 0.08, input_tokens=1000)
    >>> short > serve_revenue("Llama 3.1 8B", "H100 SXM", 0, 0.08, input_tokens=30000)
    True
    """
    setup = (model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)
    inputs = _figure("input_tokens_per_s", level, *setup)
    outputs = _figure("tokens_per_s", level, *setup)
    return (inputs * input_price + outputs * output_price) / MILLION * SECONDS_PER_HOUR * utilisation / gpus


@formula("4.4", source=SOURCE, untraceable=ITERATES)
def serve_bound_by(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
) -> Binding:
    """What binds a decode step: weight bandwidth, cache bandwidth, compute, attention compute, launches or links.

    >>> serve_bound_by("Llama 3.1 8B", "H100 SXM", batch=1)
    'weight bandwidth'
    """
    return _figure("bound_by", 1.0, model, gpu, gpus, tensor, batch, input_tokens, output_tokens, weight_bits, kv_bits, engine)


@table("6.1", source=SOURCE)
def serve_estimate(
    model: ModelName,
    gpu: Gpu,
    gpus: ServeGpus = 1,
    tensor: Tensor = None,
    batch: ServeBatch = None,
    input_tokens: ServeInput = 1024,
    output_tokens: ServeOutput = 512,
    weight_bits: ServeBits = None,
    kv_bits: KvBits = 16,
    engine: EngineName = "auto",
    usd_per_hour: HourPrice = None,
    utilisation: Utilisation = 1,
) -> Table:
    """The whole estimate: times, throughput, users and cost with low, mid and high, what binds, and what was assumed.

    >>> serve_estimate("Llama 3.1 8B", "H100 SXM", batch=1)[0]
    ['figure', 'low', 'mid', 'high', 'unit', 'meaning']
    """
    from pycalc.serving.estimate import Load
    from pycalc.serving.report import rows
    from pycalc.serving.request import Setup, answer, find_chip

    setup = Setup(int(gpus), None if tensor is None else int(tensor), None, None, weight_bits, kv_bits, engine)
    load = Load(input_tokens, output_tokens, batch)
    found = answer(
        architecture(model), find_chip(gpu), setup, load, name=model, usd_per_hour=usd_per_hour, utilisation=utilisation
    )
    return rows(found)
