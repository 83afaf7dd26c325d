"""Nomenclature: symbol, unit, meaning and range of every quantity, each written once.

A formula's signature is annotated with these types.  All are in base units: tokens, bytes,
FLOP, seconds, USD, fractions.  Bounds are those within which the arithmetic is exact enough
and cannot overflow; they are wider than any system known, to refuse slips, not ambition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Numeric: TypeAlias = Any
"""A float or an array of floats; Any, as numpy's own ufuncs declare, since a union would need narrowing at each use."""
Text: TypeAlias = Any
Truth: TypeAlias = Any

HUGE = 1e30


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a number means: its symbol, unit, meaning, and the range in which it makes sense."""

    symbol: str
    unit: str
    meaning: str
    low: float = 0.0
    high: float = HUGE
    whole: bool = False
    choices: Mapping[str, float] | None = None
    """Texts that may be given, and the number that each stands for."""

    @property
    def is_flag(self) -> bool:
        return self.unit == "TRUE/FALSE"

    @property
    def is_text(self) -> bool:
        return self.unit == "text"

    @property
    def is_number(self) -> bool:
        """Whether a cell gives it as a number: not a truth value, a choice or a name."""
        return not (self.is_text or self.is_flag or self.choices)

    def spans_as(self, other: "Quantity") -> bool:
        """Whether both allow the same numbers."""
        return (self.low, self.high, self.whole, self.choices) == (other.low, other.high, other.whole, other.choices)

    @property
    def span(self) -> str:
        """The allowed values in words, for help and errors."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.is_flag:
            return "TRUE or FALSE"
        if self.is_text:
            return "a text"
        what = "a whole number" if self.whole else "a number"
        return f"{what} from {self.low:g} to {self.high:g}"


MATRICES_BY_ACTIVATION = {
    "gelu": 2.0,
    "relu": 2.0,
    "silu": 2.0,
    "relu2": 2.0,
    "swiglu": 3.0,
    "geglu": 3.0,
    "reglu": 3.0,
    "glu": 3.0,
}
"""Gated activations (a "glu" in the name) multiply two up-projections: three matrices, not two."""

STAFF_TIERS = {"minimal": 1.0, "moderate": 2.0, "core": 3.0}


def _count(symbol: str, unit: str, meaning: str, low: float = 1, high: float = 1e6) -> Quantity:
    return Quantity(symbol, unit, meaning, low, high, whole=True)


def _share(symbol: str, meaning: str) -> Quantity:
    return Quantity(symbol, "fraction", meaning, 0, 1)


# Tokens
Tokens = Annotated[Numeric, Quantity("n", "tokens", "Tokens processed in one pass, a sequence's length", 0, 1e15)]
ContextTokens = Annotated[Numeric, Quantity("n", "tokens", "Tokens kept in the cache per sequence", 0, 1e15)]
PromptTokens = Annotated[Numeric, Quantity("n_in", "tokens", "Tokens of the prompt", 0, 1e15)]
GeneratedTokens = Annotated[Numeric, Quantity("n_out", "tokens", "Tokens generated", 0, 1e15)]
ExtraTokens = Annotated[Numeric, Quantity("Δn", "tokens", "Tokens by which the context grows", 0, 1e15)]
WindowTokens = Annotated[Numeric, Quantity("w", "tokens", "Most recent tokens that a sliding-window layer keeps", 0, 1e15)]
BlockTokens = Annotated[Numeric, _count("b", "tokens", "Tokens in one page of the cache")]
TokenVolume = Annotated[Numeric, Quantity("T", "tokens", "Number of tokens")]
InputTokens = Annotated[Numeric, Quantity("T_in", "tokens", "Number of input tokens")]
OutputTokens = Annotated[Numeric, Quantity("T_out", "tokens", "Number of output tokens")]
TokensPerRequest = Annotated[Numeric, Quantity("t", "tokens", "Tokens of one request, prompt and answer together", 0, 1e15)]
TokensPerSecond = Annotated[Numeric, Quantity("R", "tokens/s", "Tokens generated per second, all sequences together")]

# Dimensions of a model
Rows = Annotated[Numeric, Quantity("a", "1", "Rows of the left matrix", 0, 1e15)]
Inner = Annotated[Numeric, Quantity("b", "1", "Columns of the left matrix, rows of the right", 0, 1e15)]
Columns = Annotated[Numeric, Quantity("c", "1", "Columns of the right matrix", 0, 1e15)]
ModelDim = Annotated[Numeric, _count("d", "1", "Model dimension, the width of the residual stream", 1, 1e9)]
HeadDim = Annotated[Numeric, _count("d_k", "1", "Dimension of one attention head", 1, 1e9)]
FfnDim = Annotated[
    Numeric, Quantity("d_ff", "1", "Inner dimension of the MLP (of one expert, where there are several)", 0, 1e9)
]
LatentDim = Annotated[Numeric, _count("d_c", "1", "Rank of the compressed keys and values of latent attention")]
RopeDim = Annotated[Numeric, _count("d_r", "1", "Dimension of the position-dependent key that latent attention keeps", 0)]
StateDim = Annotated[Numeric, _count("N", "1", "Size of the recurrent state per channel of a head")]
ConvElements = Annotated[Numeric, _count("c", "1", "Values that a layer's short convolution keeps per sequence", 0, 1e12)]
Heads = Annotated[Numeric, _count("h", "heads", "Query heads of a layer")]
KvHeads = Annotated[Numeric, _count("g", "heads", "Key-value heads of a layer")]
QueriesPerKv = Annotated[Numeric, Quantity("h/g", "heads", "Query heads that share one key-value head", 1, 1e6)]
Layers = Annotated[Numeric, _count("L", "layers", "Layers of the model", 0)]
AddedLayers = Annotated[Numeric, _count("ΔL", "layers", "Layers added to the model", 0)]
CacheLayers = Annotated[Numeric, _count("L_attn", "layers", "Layers that keep a key-value cache", 0)]
GlobalLayers = Annotated[Numeric, _count("L_g", "layers", "Layers that attend to the whole context", 0)]
WindowLayers = Annotated[Numeric, _count("L_w", "layers", "Layers that attend to a sliding window", 0)]
StateLayers = Annotated[Numeric, _count("L_s", "layers", "Layers that keep a recurrent state", 0)]
Vocabulary = Annotated[Numeric, _count("V", "tokens", "Vocabulary of the output head; 0 leaves the head out", 0, 1e9)]
Experts = Annotated[Numeric, _count("E", "experts", "Experts of a layer")]
RoutedExperts = Annotated[Numeric, _count("E", "experts", "Experts that the router scores; 0 leaves the router out", 0)]
ActiveExperts = Annotated[Numeric, _count("k", "experts", "Experts that each token passes through")]
SharedExperts = Annotated[Numeric, _count("s", "experts", "Experts that every token passes through besides", 0)]
Activation = Annotated[
    Numeric,
    Quantity("m", "matrices", "Activation of the MLP; it says whether two matrices or three", choices=MATRICES_BY_ACTIVATION),
]
Causal = Annotated[Truth, Quantity("f", "TRUE/FALSE", "TRUE counts half the n×n square, FALSE all of it", 0, 1)]
Tiled = Annotated[Truth, Quantity("-", "TRUE/FALSE", "TRUE where the n×n matrix never leaves the chip (FlashAttention)", 0, 1)]
Parameters = Annotated[Numeric, Quantity("P", "parameters", "Parameters of the model, all that are stored")]
ActiveParameters = Annotated[Numeric, Quantity("P_a", "parameters", "Parameters that one token passes through")]
WideParameters = Annotated[
    Numeric, Quantity("P_16", "parameters", "Parameters of those that stay at 16 bits (embeddings, norms)")
]

# Widths
BytesPerParam = Annotated[
    Numeric, Quantity("B_p", "bytes", "Width of a stored parameter: 2 for FP16, 1 for INT8, 0.5 for INT4", 0, 16)
]
BytesPerValue = Annotated[Numeric, Quantity("B_v", "bytes", "Width of a stored value: 2 for FP16, 1 for INT8", 0, 16)]
Bits = Annotated[Numeric, Quantity("b_w", "bits", "Bits per weight, without scales", 0, 64)]
GroupSize = Annotated[
    Numeric, Quantity("G", "weights", "Weights that share one scale; 0 where there are no scales", 0, 1e9, whole=True)
]
ScaleBits = Annotated[Numeric, Quantity("b_s", "bits", "Bits of a group's scale", 0, 64)]
ZeroBits = Annotated[Numeric, Quantity("b_z", "bits", "Bits of a group's zero point", 0, 64)]

# Memory
Bytes = Annotated[Numeric, Quantity("M", "bytes", "Memory, in bytes (1 GB = 1e9)")]
WeightBytes = Annotated[Numeric, Quantity("W", "bytes", "Memory of the weights, streamed once per step")]
KvBytes = Annotated[Numeric, Quantity("M_kv", "bytes", "Memory of one sequence's key-value cache")]
KvBytesPerToken = Annotated[Numeric, Quantity("m_kv", "bytes/token", "Bytes that one more token adds to a cache")]
StepBytes = Annotated[Numeric, Quantity("S", "bytes", "Bytes moved in one decode step")]
CacheFill = Annotated[Numeric, _share("φ", "Mean share of each cache that is filled, and so read")]
GpuBytes = Annotated[Numeric, Quantity("C", "bytes", "Memory of the GPU; 80e9 for 80 GB, 80*2^30 where the engine counts GiB")]
OverheadBytes = Annotated[Numeric, Quantity("O", "bytes", "Memory for activations and framework")]
MemoryFraction = Annotated[Numeric, _share("u_mem", "Share of the GPU's memory that the engine may take")]
Sequences = Annotated[Numeric, Quantity("B", "sequences", "Sequences held at once", 0, 1e12)]
Batch = Annotated[Numeric, Quantity("B", "sequences", "Sequences decoded together", 1, 1e12)]
Users = Annotated[Numeric, Quantity("U", "users", "Users served at once", 0, 1e12)]

# Speed
Flops = Annotated[Numeric, Quantity("F", "FLOP", "Floating-point operations, a multiply-add counting two")]
FlopsPerToken = Annotated[Numeric, Quantity("F_t", "FLOP/token", "Floating-point operations per token")]
PeakFlops = Annotated[Numeric, Quantity("π", "FLOP/s", "Peak compute of the chip, dense, at the precision used")]
AttainableFlops = Annotated[Numeric, Quantity("P", "FLOP/s", "Compute that the chip can reach")]
Bandwidth = Annotated[Numeric, Quantity("β", "bytes/s", "Memory bandwidth of the chip")]
Intensity = Annotated[Numeric, Quantity("I", "FLOP/byte", "Arithmetic intensity: operations per byte moved")]
Bound = Annotated[Text, Quantity("-", "text", "What binds: compute or memory")]
Seconds = Annotated[Numeric, Quantity("t", "s", "Time")]
LaunchSeconds = Annotated[Numeric, Quantity("c", "s", "Fixed time of a step: launches and scheduling")]
Efficiency = Annotated[Numeric, _share("e", "Share of the peak bandwidth that is reached")]
ComputeEfficiency = Annotated[Numeric, _share("e_c", "Share of the peak compute that is reached")]
Gpus = Annotated[Numeric, _count("G", "GPUs", "GPUs working together", 1)]
GpusPaid = Annotated[Numeric, _count("G", "GPUs", "GPUs paid for", 0, 1e9)]
Fraction = Annotated[Numeric, _share("x", "Share")]
Ratio = Annotated[Numeric, Quantity("x", "ratio", "Ratio of two like quantities")]

# Money
UsdPerHour = Annotated[Numeric, Quantity("p_h", "USD/hour", "Price of one GPU for an hour")]
UsdPerUserHour = Annotated[Numeric, Quantity("p_u", "USD/hour", "Cost of one user for an hour")]
RevenuePerHour = Annotated[Numeric, Quantity("r_h", "USD/hour", "Revenue of one GPU in an hour")]
UsdPerMtok = Annotated[Numeric, Quantity("c", "USD/Mtok", "USD per million tokens")]
InputPrice = Annotated[Numeric, Quantity("p_in", "USD/Mtok", "Price of a million input tokens")]
OutputPrice = Annotated[Numeric, Quantity("p_out", "USD/Mtok", "Price of a million output tokens")]
ApiPrice = Annotated[Numeric, Quantity("p", "USD/Mtok", "Price of a million tokens from an API")]
SalePrice = Annotated[Numeric, Quantity("p", "USD/Mtok", "Price at which a million tokens are sold")]
MarginalCost = Annotated[Numeric, Quantity("c", "USD/Mtok", "Cost of a million more tokens of one's own")]
InputParts = Annotated[Numeric, Quantity("w_in", "parts", "Parts of input in the mix: 3 of 4 where answers are short", 0, 1e12)]
OutputParts = Annotated[
    Numeric, Quantity("w_out", "parts", "Parts of output in the mix: 1 of 4 where answers are short", 0, 1e12)
]
Utilisation = Annotated[Numeric, _share("u", "Share of the paid hours in which the GPU works at that rate")]
Usd = Annotated[Numeric, Quantity("$", "USD", "Money")]
UsdPerYear = Annotated[Numeric, Quantity("$", "USD/year", "Money per year")]
UsdPerMonth = Annotated[Numeric, Quantity("$", "USD/month", "Money per month")]
StaffUsd = Annotated[Numeric, Quantity("S", "USD/year", "Staff and operations in a year")]
OtherUsd = Annotated[Numeric, Quantity("X", "USD/year", "Further costs in a year: egress, evaluation, compliance")]
FixedUsdPerYear = Annotated[Numeric, Quantity("K", "USD/year", "Costs in a year that no token changes")]
StaffTier = Annotated[Text, Quantity("tier", "tier", "Size of the operation", choices=STAFF_TIERS)]
Position = Annotated[Numeric, _share("q", "Place within the tier's range: 0 its low end, 1 its high end")]
RentIncluded = Annotated[Truth, Quantity("-", "TRUE/FALSE", "TRUE where the staff figure already pays for the GPUs", 0, 1)]
HoursPerYear = Annotated[Numeric, Quantity("H", "hours", "Hours paid for in a year", 0, 8784)]
Margin = Annotated[Numeric, _share("g", "Gross margin, share of the revenue")]
MarginResult = Annotated[Numeric, Quantity("g", "fraction", "Gross margin, share of the revenue; negative at a loss", -HUGE, 1)]
Cost = Annotated[Numeric, Quantity("c", "USD", "Cost, in the unit of the revenue")]
Revenue = Annotated[Numeric, Quantity("r", "USD", "Revenue, for any unit: an hour, a million tokens")]

# Devices
Mau = Annotated[Numeric, Quantity("MAU", "users", "Users active in a month", 0, 1e12)]
RequestsPerMonth = Annotated[Numeric, Quantity("q", "requests/month", "Requests of one user in a month", 0, 1e12)]
RequestsPerDay = Annotated[Numeric, Quantity("q_d", "requests/day", "Requests of one user in a day", 0, 1e12)]
Years = Annotated[Numeric, Quantity("y", "years", "Life of a device", 0, 1e3)]
Months = Annotated[Numeric, Quantity("m", "months", "Months over which a device is paid off", 0, 1e4)]
UsdPerDevice = Annotated[Numeric, Quantity("l", "USD", "Cost of one device over its life, licence included")]
UpdateUsd = Annotated[Numeric, Quantity("x", "USD", "Cost of delivering one update to one device")]
UpdatesPerYear = Annotated[Numeric, Quantity("f", "updates/year", "Updates delivered in a year", 0, 1e6)]
DeviceUsdPerMonth = Annotated[Numeric, Quantity("l_m", "USD/month", "Cost of one device in a month")]
FixedUsdPerMonth = Annotated[Numeric, Quantity("K", "USD/month", "Costs in a month that no user changes: platform engineering")]
Watts = Annotated[Numeric, Quantity("w", "W", "Power drawn while the model runs")]
UsdPerKwh = Annotated[Numeric, Quantity("p_e", "USD/kWh", "Price of electricity")]
Fits = Annotated[Truth, Quantity("-", "TRUE/FALSE", "Whether it fits")]
