"""The article's own inputs; Bull takes the kinder end of its ranges, Bear the harsher end and the models as published."""

from typing import Any

from pycalc import quantities as q
from workbook_templates import units as u
from workbook_templates.spec import Input, Unit, article, section


def _same(name: str, label: str, kind: Any, unit: Unit, value: float, bounds: tuple[float, float], source: str) -> Input:
    """An input that no scenario changes."""
    return Input(name, label, kind, unit, (value, value, value), bounds, source)


RATE = Input(
    "token_rate",
    "Tokens a second, one sequence",
    q.TokensPerSecond,
    u.TOKENS_PER_S,
    (185, 220, 150),
    (1, 1e6),
    article("6.2", "185; Bull and Bear: both ends of 150-220 (6.1)"),
)
UTILISATION = _same(
    "utilisation", "Utilisation", q.Utilisation, u.WHOLE_SHARE, 0.3, (0.01, 1), article("6.2", "30%, variable traffic")
)

CONTEXTS = section(
    "Contexts",
    _same("context_1k", "Short context", q.ContextTokens, u.TOKENS, 1024, (16, 1e7), article("2.7", "1K")),
    _same("context_4k", "Usual context", q.ContextTokens, u.TOKENS, 4096, (16, 1e7), article("2.1", "4K")),
    _same("context_32k", "Long context", q.ContextTokens, u.TOKENS, 32768, (16, 1e7), article("2.2", "32K")),
    _same("context_128k", "Longest context", q.ContextTokens, u.TOKENS, 131072, (16, 1e7), article("2.7", "128K")),
)

TRANSFORMER = section(
    "A transformer, piece by piece",
    _same("small_dim", "Width of the 1B-class model", q.ModelDim, u.DIMENSIONS, 2048, (64, 65536), article("2.1", "d = 2048")),
    _same("vector_dim", "Entries of a random vector", q.HeadDim, u.DIMENSIONS, 64, (1, 1024), article("1.4", "d_k = 64")),
    _same("high_score", "A high score", q.Ratio, u.SIZE, 10, (0, 50), article("1.5", "10 against 8")),
    _same("low_score", "A lower score", q.Ratio, u.SIZE, 8, (0, 50), article("1.5", "10 against 8")),
    _same("all_heads", "Heads without grouping", q.KvHeads, u.HEADS, 32, (1, 256), article("1.8", "32 query heads")),
    _same("kv_heads", "Key-value heads", q.KvHeads, u.HEADS, 8, (1, 256), article("1.8", "8 groups")),
    _same("expert_count", "Experts of a mixture", q.Experts, u.EXPERTS, 32, (1, 1024), article("2.6", "32 experts")),
)

MIXTRAL = section(
    "Mixtral 8x7B, config.json",
    _same("mix_dim", "Width", q.ModelDim, u.DIMENSIONS, 4096, (64, 65536), article("2.6", "config.json of v0.1")),
    _same("mix_layers", "Layers", q.Layers, u.LAYERS, 32, (1, 512), article("2.6", "config.json of v0.1")),
    _same("mix_heads", "Heads", q.Heads, u.HEADS, 32, (1, 256), article("2.6", "config.json of v0.1")),
    _same("mix_kv_heads", "Key-value heads", q.KvHeads, u.HEADS, 8, (1, 256), article("2.6", "config.json of v0.1")),
    _same("mix_head_dim", "Head dimension", q.HeadDim, u.DIMENSIONS, 128, (16, 1024), article("2.6", "config.json of v0.1")),
    _same("mix_ffn", "Width of an expert", q.FfnDim, u.DIMENSIONS, 14336, (64, 262144), article("2.6", "config.json of v0.1")),
    _same("mix_vocabulary", "Vocabulary", q.Vocabulary, u.TOKENS, 32000, (256, 1e6), article("2.6", "config.json of v0.1")),
    _same("mix_experts", "Experts of a layer", q.Experts, u.EXPERTS, 8, (1, 1024), article("2.6", "8 experts")),
    _same("mix_active", "Experts of a token", q.ActiveExperts, u.EXPERTS, 2, (1, 1024), article("2.6", "2 of them")),
)

CHIPS = section(
    "Chips",
    _same("h100_tflops", "H100, compute", q.PeakFlops, u.TFLOPS, 989, (0.05, 50_000), article("4.1", "dense FP16")),
    _same("h100_gb_s", "H100, bandwidth", q.Bandwidth, u.GB_PER_S, 3350, (20, 50_000), article("4.1", "SXM")),
    _same("h100_gb", "H100, memory", q.GpuBytes, u.WHOLE_GB, 80, (4, 2048), article("5.4", "80 GB")),
    Input(
        "h100_rent",
        "H100, rent",
        q.UsdPerHour,
        u.USD_PER_GPU_HOUR,
        (2.5, 2, 4),
        (0.01, 100),
        article("5.6", "about $2.50; Bull and Bear [N]"),
    ),
    _same("a100_tflops", "A100, compute", q.PeakFlops, u.TFLOPS, 312, (0.05, 50_000), article("4.2", "dense FP16")),
    _same("a100_gb_s", "A100, bandwidth", q.Bandwidth, u.GB_PER_S, 2039, (20, 50_000), article("4.2", "80 GB SXM")),
    Input(
        "phone_gflops",
        "Phone CPU, compute",
        q.PeakFlops,
        u.GFLOPS,
        (50, 4000, 50),
        (0.1, 100_000),
        article("4.1", "Snapdragon 8 Elite CPU; Bull: a GPU or NPU of 4 TFLOPS, as 2-3 s would take [N]"),
    ),
    _same("phone_gb_s", "Phone, bandwidth", q.Bandwidth, u.GB_PER_S, 51, (1, 2000), article("4.1", "Snapdragon 8 Elite")),
    _same("phone_wait", "The same prompt on the phone", q.Seconds, u.WAIT_SECONDS, 2.5, (0.01, 1000), article("4.5", "2-3 s")),
    _same("prompt_ms", "A prompt on the H100", q.Seconds, u.MILLISECONDS, 10, (0.1, 100_000), article("4.5", "10 ms")),
)

WIDTHS = section(
    "Widths",
    _same("fp16_bytes", "FP16", q.BytesPerParam, u.BYTES_PER_VALUE, 2, (0.25, 4), article("3.2", "2 bytes")),
    _same("int8_bytes", "INT8", q.BytesPerParam, u.BYTES_PER_VALUE, 1, (0.25, 4), article("3.2", "1 byte")),
    _same("int4_bytes", "INT4", q.BytesPerParam, u.BYTES_PER_VALUE, 0.5, (0.25, 4), article("3.2", "half a byte")),
    Input(
        "int4_bits",
        "INT4 weights, with scales",
        q.Bits,
        u.BITS,
        (4, 4, 4.5),
        (1, 32),
        article("5.4", "4 bits; Bear: with a 16-bit scale for every 32 weights, as Q4_0 stores them [N]"),
    ),
    _same("fp16_bits", "FP16 weights", q.Bits, u.BITS, 16, (1, 32), article("5.4", "16 bits")),
)

MODELS = section(
    "Models",
    Input(
        "params_1b",
        "1B-class model, parameters",
        q.Parameters,
        u.BILLION_PARAMETERS_3,
        (1.2, 1.2, 1.236),
        (0.01, 100),
        article("5.4", "600 MB at INT4; Bear: Llama 3.2 1B, config.json"),
    ),
    _same("layers_1b", "1B-class model, layers", q.Layers, u.LAYERS, 16, (1, 512), article("5.3", "16 layers")),
    _same("head_dim_1b", "1B-class model, head dimension", q.HeadDim, u.DIMENSIONS, 64, (16, 1024), article("5.3", "64")),
    _same("hybrid_layers", "Hybrid, layers with a cache", q.CacheLayers, u.LAYERS, 6, (1, 512), article("5.3", "6 of 16")),
    _same("params_70b", "Large model, parameters", q.Parameters, u.BILLION_PARAMETERS_3, 70, (1, 2000), article("5.4", "70B")),
    _same("params_7b", "7B model, parameters", q.Parameters, u.BILLION_PARAMETERS_3, 7, (0.1, 70), article("5.4", "7B")),
    _same("layers_7b", "7B model, layers", q.Layers, u.LAYERS, 32, (1, 512), article("5.5", "32 layers")),
    Input(
        "params_14b",
        "14B model, parameters",
        q.Parameters,
        u.BILLION_PARAMETERS_3,
        (14, 14, 14.8),
        (0.1, 2000),
        article("6.1", "14B; Bear: Qwen3 14B, config.json"),
    ),
    Input(
        "layers_14b",
        "14B model, layers",
        q.Layers,
        u.LAYERS,
        (32, 32, 40),
        (1, 512),
        article("6.1", "32 layers; Bear: Qwen3 14B, config.json"),
    ),
    _same("head_dim", "Head dimension", q.HeadDim, u.DIMENSIONS, 128, (16, 1024), article("5.5", "128 per head")),
    Input(
        "overhead_gb",
        "Activations and framework",
        q.OverheadBytes,
        u.GB,
        (2, 1.05, 2.2),
        (0, 64),
        article("5.4", "1-2 GB and 50-200 MB: 2.0 gives its 74.5 GB; Bull and Bear: both ends"),
    ),
)

SERVING = section(
    "Serving",
    _same("served_4k", "Users that share a GPU at 4K", q.Users, u.USERS, 278, (1, 1e6), article("5.6", "278, as 5.5 prints")),
    _same("served_32k", "Users that share a GPU at 32K", q.Users, u.USERS, 34, (1, 1e6), article("5.6", "34")),
    _same("served_128k", "Users that share a GPU at 128K", q.Users, u.USERS, 8, (1, 1e6), article("5.6", "8")),
    _same("low_share", "Low share of the ceiling", q.Efficiency, u.WHOLE_SHARE, 0.4, (0.01, 1), article("6.1", "40%")),
    _same("high_share", "High share of the ceiling", q.Efficiency, u.WHOLE_SHARE, 0.6, (0.01, 1), article("6.1", "60%")),
    RATE,
    UTILISATION,
    _same("low_utilisation", "Utilisation, low traffic", q.Utilisation, u.WHOLE_SHARE, 0.1, (0.01, 1), article("6.2", "10%")),
    _same(
        "printed_floor",
        "Cost of a million tokens as printed",
        q.UsdPerMtok,
        u.USD_PER_MTOK_4,
        0.0038,
        (0.0001, 1000),
        article("6.2", "$0.0038 at full utilisation"),
    ),
)

MARKET = section(
    "APIs and devices",
    _same("api_in", "API, input", q.InputPrice, u.CENTS_PER_MTOK, 0.1, (0.001, 1000), article("6.3", "Flash-Lite")),
    _same("api_out", "API, output", q.OutputPrice, u.CENTS_PER_MTOK, 0.4, (0.001, 1000), article("6.3", "Flash-Lite")),
    Input(
        "parts_in",
        "Input in the blend",
        q.InputParts,
        u.PARTS,
        (1, 1, 3),
        (0, 1000),
        article("6.3", "its 0.30 takes 1 : 2; Bear: 3 : 1, as usual for chat [N]"),
    ),
    Input("parts_out", "Output in the blend", q.OutputParts, u.PARTS, (2, 2, 1), (0.1, 1000), article("6.3", "as above")),
    _same("cloud_price", "API, blended", q.ApiPrice, u.CENTS_PER_MTOK, 0.3, (0.001, 1000), article("7.2", "$0.30")),
    _same("mau_m", "Monthly users", q.Mau, u.MILLION_USERS, 100, (0.001, 10_000), article("7.2", "100M")),
    _same("request_tokens", "Tokens of a request", q.TokensPerRequest, u.TOKENS, 750, (1, 1e6), article("7.2", "750")),
    _same("requests_few", "Requests a month, few", q.RequestsPerMonth, u.REQUESTS, 50, (1, 1e5), article("7.2", "50")),
    _same("requests_some", "Requests a month, some", q.RequestsPerMonth, u.REQUESTS, 100, (1, 1e5), article("7.2", "100")),
    _same("requests_many", "Requests a month, many", q.RequestsPerMonth, u.REQUESTS, 500, (1, 1e5), article("7.2", "500")),
    _same("requests_daily", "Requests a day, one device", q.RequestsPerDay, u.DAILY, 50, (1, 1e5), article("7.2", "50 a day")),
    Input(
        "licence",
        "Licence of a device",
        q.UsdPerDevice,
        u.USD_CENTS,
        (0.3, 0.1, 0.5),
        (0.001, 1000),
        article("7.2", "$0.30; Bull and Bear: both ends of $0.10-0.50 (7.1)"),
    ),
    _same("life_months", "Life of a device", q.Months, u.MONTHS, 36, (1, 240), article("7.2", "3 years")),
    _same("device_usd", "Device, as printed", q.DeviceUsdPerMonth, u.USD_PER_MONTH_3, 0.01, (0, 1000), article("7.2", "$1.0M")),
)

INPUTS = (CONTEXTS, TRANSFORMER, MIXTRAL, CHIPS, WIDTHS, MODELS, SERVING, MARKET)
