"""What several templates say word for word: inputs with the same figures and sources, checks, steps for the reader."""

from dataclasses import replace

from pycalc import quantities as q
from workbook_templates import units as u
from workbook_templates.spec import Check, Input, article, ours

# Whole numbers of a quotient


def whole_down(quotient: str) -> str:
    """As many as fit: what lacks less than a millionth, 0.7·45/0.3 being 104.99999999999999, is the computer's rounding."""
    return f"INT(ROUND({quotient},6))"


def whole_up(quotient: str) -> str:
    """As many as are needed: 700·1.1 is a hair more than 770 to a computer, which is no reason to buy another.

    >>> whole_up("needed/users")
    '-INT(-ROUND(needed/users,6))'
    """
    return f"-INT(-ROUND({quotient},6))"


# Inputs

ACHIEVED_BANDWIDTH = Input(
    "achieved_bandwidth",
    "Achieved bandwidth",
    q.Efficiency,
    u.WHOLE_SHARE,
    (0.5, 0.6, 0.4),
    (0.01, 1),
    article("6.1", "40-60% of the ceiling"),
)

ACHIEVED_COMPUTE = Input(
    "achieved_compute",
    "Achieved compute",
    q.ComputeEfficiency,
    u.WHOLE_SHARE,
    (0.4, 0.5, 0.3),
    (0.01, 1),
    ours("a cautious share of peak"),
)

OVERHEAD = Input(
    "overhead_gb",
    "Activations and framework",
    q.OverheadBytes,
    u.GB,
    (2, 1.5, 2.2),
    (0, 256),
    article("5.4", "1-2 GB framework, 50-200 MB activations"),
)

OVERHEAD_OF_EACH = replace(OVERHEAD, source=article("5.4", "of each GPU: 1-2 GB framework, 50-200 MB activations"))

WEIGHT_BITS = Input(
    "weight_bits",
    "Weight precision",
    q.Bits,
    u.BITS,
    (4, 4, 8),
    (1, 32),
    article("3.1", "INT4, scales left out; Bear: INT8 [N]"),
)

KV_VALUE_BYTES = Input(
    "kv_value_bytes",
    "KV cache precision",
    q.BytesPerValue,
    u.BYTES_PER_VALUE,
    (1, 1, 2),
    (0.25, 4),
    article("6.1", "INT8 cache; Bear: FP16 [N]"),
)

KV_VALUE_BYTES_THROUGHOUT = replace(KV_VALUE_BYTES, values=(1, 1, 1), source=article("6.1", "INT8 cache"))

INPUT_PARTS = Input(
    "input_parts",
    "Input tokens in the mix",
    q.InputParts,
    u.PARTS,
    (3, 3, 3),
    (0, 1000),
    ours("3 : 1 is usual for chat; documents need more"),
)

OUTPUT_PARTS = Input(
    "output_parts",
    "Output tokens in the mix",
    q.OutputParts,
    u.PARTS,
    (1, 1, 1),
    (0.1, 1000),
    ours("the other side of the mix"),
)

RENT_LEVEL = Input(
    "rent_level",
    "Rent against the catalogue",
    q.Ratio,
    u.EVEN,
    (1, 0.8, 1.6),
    (0.1, 5),
    ours("of $2.50 for the H100 [A 5.6]: Bull $2.00, Bear $4.00"),
)

RENT_LEVEL_TO_THREE_DOLLARS = replace(
    RENT_LEVEL, values=(1, 0.8, 1.2), source=ours("of $2.50 for the H100 [A 5.6]: Bull $2.00, Bear $3.00")
)

TENSOR_PARALLEL = Input(
    "tensor_parallel",
    "GPUs per replica",
    q.Gpus,
    u.GPUS,
    (1, 1, 1),
    (1, 8),
    ours("tensor parallel: 1, 2, 4 or 8 GPUs hold one copy of the model"),
)

# Checks

SCENARIO_IS_KNOWN = Check("Scenario is one of the three", "ISNUMBER(scenario_index)", "The selector on Inputs names a column")
PICKS_ARE_LISTED = Check(
    "Model and GPU are in the lists", "ISNUMBER(model_row+chip_row)", "Else pick one from the list on Inputs"
)
NO_ERROR_ON_CALC = Check(
    "The calculation holds no error", "ISNUMBER(SUM(calc.values))", "No #N/A, #DIV/0! or other error on Calc"
)
WEIGHTS_FIT = Check("Weights fit in the GPU", "weights+overhead_bytes<=gpu_bytes", "Else the model needs several GPUs")
STRIP_AGREES = Check("Scenario strip agrees", "SUM(scenarios.off)=0", "Line by line, third computation on Sensitivity")

# Steps for the reader

CHOOSE_SCENARIO = "Choose a scenario on Inputs, cell D4; every sheet follows."
PICK_MODEL_AND_GPU = "Pick model and GPU on Inputs from the lists, or pick your own and type its figures below."
READ_DASHBOARD = "Read the Dashboard; print it, one page."
TRUST_CHECKS = "Trust it while every sheet says ALL CHECKS OK; Checks names what fails."
