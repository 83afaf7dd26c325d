"""Which limit binds in prefill and decode, chip by chip."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.roofline.calc import CALC
from workbook_templates.roofline.inputs import BATCH, BYTES_PER_PARAM, CHIPS, CONTEXT, INPUTS, MODELS, PROMPT
from workbook_templates.spec import (
    WORD,
    Axis,
    CategoryChart,
    Change,
    Check,
    Grid,
    HeatMap,
    Kpi,
    Levers,
    Line,
    Series,
    Step,
    Strip,
    Template,
    TornadoChart,
    Waterfall,
    WaterfallChart,
    XyChart,
    axis,
    only_missing,
)

COMPARED = ("H100 SXM", "A100 SXM 80GB", "H200 SXM", "B200 SXM", "MI300X", "L4", "Snapdragon 8 Elite")
COLOURS = (style.NAVY, style.TEAL, style.SKY, style.SLATE, style.AMBER, style.GREY, style.CORAL)
BATCHES = (1, 4, 16, 32, 64, 128, 256, 512)
PRECISIONS = (2, 1, 0.5)
LIMITS = (("memory", style.BAD_FILL), ("compute", style.GOOD_FILL))
POINTS = Axis(
    "step_intensity",
    (0.1, 0.5, 1, 2, 5, 10, 30, 100, 150, 200, 250, 300, 500, 1000, 10000),
    "Operations per byte",
    u.INTENSITY,
    (0.001, 1_000_000),
)

BY_CHIP = Grid(
    "by_chip",
    "A  Chip by chip",
    "The calculation for other chips, pick others in the amber row; below, each chip's roof over the intensity.",
    axis(CHIPS.choice, *COMPARED),
    (
        "bandwidth",
        "rate",
        "ridge",
        "prefill_intensity",
        "prefill_bound",
        "prefill_share",
        "prefill_tflops",
        "alone_intensity",
        "alone_bound",
        "alone_share",
        "alone_tflops",
        "step_intensity",
        "step_bound",
        "step_share",
        "step_tflops",
        "batch_ridge",
        "crossing",
        "fit_batch",
        "decode_rate",
        "decode_cost",
    ),
    POINTS,
    (),
    Line("roof", "Roof", u.FINE_TFLOPS, "=ROOFLINE(rate, bandwidth, step_intensity)/1E+12"),
    after=(
        Line("over_peak", "Cells over the peak", u.CELLS, "=SUMPRODUCT((by_chip.cells>by_chip.rate/1E+12)*1)"),
        Line("sloping", "Cells under the peak", u.CELLS, "=SUMPRODUCT((by_chip.cells<by_chip.rate/1E+12)*1)"),
        Line("left_of_ridge", "Cells left of the ridge", u.CELLS, "=SUMPRODUCT((by_chip.down<by_chip.ridge)*1)"),
    ),
)

BY_BATCH = Grid(
    "by_batch",
    "B  Batch and precision: the weights",
    "Intensity of the weights, then the share of the peak that the roof allows; caches apart.",
    axis(BATCH, *BATCHES),
    (),
    axis(BYTES_PER_PARAM, *PRECISIONS),
    (),
    Line("batch_peak", "Share of the peak", u.SHARE, "=COMPUTE_UTILISATION(rate, bandwidth, batch_intensity)"),
    steps=(Line("batch_intensity", "FLOP per byte", u.INTENSITY, "=DECODE_INTENSITY(bytes_per_param, batch)"),),
    after=tuple(
        Line(f"precision_{i}", "Name of a curve", WORD, f'="Weights of "&INDEX(by_batch.down,{i})&" bytes"') for i in (1, 2, 3)
    ),
    break_before=True,
)

BY_CONTEXT = Grid(
    "by_context",
    "C  Batch and context: weights and caches",
    "Share of the peak that the roof allows; then the same where the batch fits in memory, else #N/A.",
    axis(BATCH, *BATCHES),
    ("weights_read",),
    axis(CONTEXT, 512, 2048, 4096, 32768, 131072),
    ("token_flops", "cache"),
    Line(
        "held_share",
        "Share of the peak, held in memory",
        u.SHARE,
        "=IF(weights+batch*cache+overhead_bytes<=gpu_bytes,free_share,NA())",
    ),
    steps=(
        Line(
            "free_share",
            "Share of the peak",
            u.SHARE,
            "=COMPUTE_UTILISATION(rate, bandwidth, batch*token_flops/(weights_read+batch*cache))",
        ),
    ),
    after=(
        Line("short_curve", "Name of a curve", WORD, '="Whole step, "&FIXED(INDEX(by_context.down,3),0)&" tokens"'),
        Line("long_curve", "Name of a curve", WORD, '="Whole step, "&FIXED(INDEX(by_context.down,4),0)&" tokens"'),
    ),
)

BY_PROMPT = Grid(
    "by_prompt",
    "D  Prompt and precision: prefill",
    "Intensity of prefill, then the share of the peak that the roof allows.",
    axis(PROMPT, 16, 128, 256, 512, 1024, 4096, 32768, 131072),
    (),
    axis(BYTES_PER_PARAM, *PRECISIONS),
    (),
    Line("prompt_peak", "Share of the peak", u.SHARE, "=COMPUTE_UTILISATION(rate, bandwidth, prompt_intensity)"),
    steps=(Line("prompt_intensity", "FLOP per byte", u.INTENSITY, "=PREFILL_INTENSITY(prompt_tokens, bytes_per_param)"),),
    break_before=True,
)

STREAM_MAP = Grid(
    "stream_map",
    "E  Which limit binds one stream, by chip and precision",
    "Green: compute binds, the chip works; red: memory binds, the chip waits.",
    axis(BYTES_PER_PARAM, *PRECISIONS),
    ("alone_intensity",),
    axis(CHIPS.choice, *COMPARED),
    ("rate", "bandwidth"),
    Line("stream_limit", "Limit", WORD, "=BOUND_BY(rate, bandwidth, alone_intensity)"),
    winners=LIMITS,
)

CHIP_MAP = Grid(
    "chip_map",
    "F  Batch and chip: the whole step",
    "Intensity, what binds, and the share of the peak that the roof allows, at your precision and context.",
    axis(BATCH, 1, 8, 32, 128, 512),
    ("weights_read",),
    axis(CHIPS.choice, *COMPARED),
    ("rate", "bandwidth"),
    Line("map_share", "Share of the peak", u.SHARE, "=COMPUTE_UTILISATION(rate, bandwidth, map_intensity)"),
    steps=(
        Line("map_intensity", "FLOP per byte", u.INTENSITY, "=batch*token_flops/(weights_read+batch*cache)"),
        Line("map_limit", "Limit", WORD, "=BOUND_BY(rate, bandwidth, map_intensity)"),
    ),
    break_before=True,
)

SCENARIOS = Strip(
    "scenarios",
    "G  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("prefill_share", "alone_share", "step_share", "fit_batch", "decode_rate", "work_hour", "decode_cost", "cost_ratio"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "H  Levers, one at a time: the output token",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "batch",
        "bytes_per_param",
        "kv_value_bytes",
        "context",
        "achieved_bandwidth",
        "achieved_compute",
        "rent_level",
    ),
    "decode_cost",
    break_before=True,
)

HOUR = Waterfall(
    "hour",
    "I  Where an hour of decoding goes",
    "Operations at the peak rate are work; the rest waits for bytes, or is lost by software; the rent goes the same way.",
    (
        Step("All", "whole_hour", "cost"),
        Step("Weights", "weights_wait", "less"),
        Step("Caches", "cache_wait", "less"),
        Step("Software", "software_loss", "less"),
        Step("At work", "work_share", "total"),
    ),
    u.SHARE,
    break_before=True,
)

TEMPLATE = Template(
    name="roofline",
    title="Roofline",
    reader="ML-infrastructure lead",
    question="Which limit binds in prefill and in decode on each chip, and how much of the chip is at work?",
    purpose="From a chip's two speeds to its ridge point, and from model, precision and batch to what binds and what it costs.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Pick model and chip on Inputs from the lists, or pick your own and type its figures below.",
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    blocks=(BY_CHIP, BY_BATCH, BY_CONTEXT, BY_PROMPT, STREAM_MAP, CHIP_MAP, SCENARIOS, LEVERS, HOUR),
    kpis=(
        Kpi("Decode, share of the peak", "step_share", u.SHARE, "whole batch, with caches"),
        Kpi("Prefill, share of the peak", "prefill_share", u.SHARE, "what the roof allows"),
        Kpi("One stream", "alone_share", u.SHARE, "of the peak"),
        Kpi("Ridge point", "ridge", u.INTENSITY, "operations per byte"),
        Kpi("Rent at work", "work_words", WORD, "of an hour of decoding"),
        Kpi("Output over input cost", "cost_ratio", u.TIMES, "time per token"),
    ),
    reading=(
        '=chip&": "&prefill_bound&" binds prefill, "&step_bound&" decode: "&FIXED(100*kpi.step_share,1)&"% at batch "&batch',
        '=reaching&" reaches the ridge; memory holds "&held&", caches cap it at "&FIXED(100*ceiling_share,0)&"% of peak."',
        '=best_remedy&" gives "&FIXED(100*best_gain,0)&"% more output, twice the compute "&FIXED(100*compute_gain,0)&"%."',
    ),
    charts=(
        XyChart(
            "Rooflines: TFLOPS within reach by operations per byte (log-log)",
            "Curves, both scales logarithmic: the roof of seven chips; diamonds where one stream, the batch and prefill stand.",
            "by_chip.down",
            (
                *(
                    Series(f"by_chip.cells[{i}]", legend=f"by_chip.across[{i}]", colour=colour)
                    for i, colour in enumerate(COLOURS)
                ),
                Series("by_chip.alone_tflops", "One stream", kind="point", x="by_chip.alone_intensity", colour=style.CORAL),
                Series("by_chip.step_tflops", "Batch", kind="point", x="by_chip.step_intensity", colour=style.AMBER),
                Series("by_chip.prefill_tflops", "Prefill", kind="point", x="by_chip.prefill_intensity", colour=style.TEAL),
            ),
            across="operations per byte",
            across_format="General",
            format="General",
            log_x=True,
            log=True,
            span=(0.1, 10_000),
            rise=(0.01, 10_000),
        ),
        XyChart(
            "Share of the chip's peak by batch (log-log)",
            "Curves, both scales logarithmic: share of the peak against the batch for the weights at FP16, INT8 and INT4, "
            "and for the whole step at 4K and 32K tokens.",
            "by_batch.across",
            (
                Series("by_batch.cells[0,]", legend="precision_1", colour=style.NAVY, markers=True),
                Series("by_batch.cells[1,]", legend="precision_2", colour=style.TEAL, markers=True),
                Series("by_batch.cells[2,]", legend="precision_3", colour=style.SKY, markers=True),
                Series("by_context.free_share[2,]", legend="short_curve", colour=style.AMBER, markers=True, dash=True),
                Series("by_context.free_share[3,]", legend="long_curve", colour=style.CORAL, markers=True, dash=True),
            ),
            across="sequences decoded together",
            format="0.0%",
            log_x=True,
            log=True,
            span=(1, 1000),
            rise=(0.001, 1),
        ),
        CategoryChart(
            "Batch that takes the weights to the ridge, batch that fits on one chip (log)",
            "Columns on a logarithmic scale: for seven chips the batch at the ridge, caches apart, and the batch in memory.",
            "by_chip.across",
            (
                Series("by_chip.batch_ridge", "To the ridge", colour=style.NAVY),
                Series("by_chip.fit_batch", "Fits in memory", colour=style.TEAL),
            ),
            format="General",
            log=True,
        ),
        WaterfallChart(
            "Where an hour of decoding goes",
            "Waterfall: the hour, less what waits for weights, for caches, and is lost by software, down to what is at work.",
            "hour",
            format="0%",
        ),
        HeatMap("Share of the peak that decode can reach, by chip and batch", "chip_map", (0, 1, 2, 3, 4)),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $ per million output tokens",
            "Tornado: change of the cost of an output token when one input takes its Bull or Bear value, the strongest on top.",
            "levers",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check(
            "No error but #N/A in the calculation",
            "ISERR(SUM(calc.values))=FALSE",
            "#N/A: no rent known, weights that do not fit, a ridge never reached; any other error is a fault",
            bare=True,
        ),
        Check(
            "No error but #N/A in the remedies",
            "ISERR(SUM(calc_remedies.values))=FALSE",
            "No figure there is missing; any error is a fault",
            bare=True,
        ),
        Check("Model and chip are in the lists", "ISNUMBER(model_row+chip_row)", "Else pick one from the list on Inputs"),
        Check(
            "The batch fits in memory",
            "OR(gpu_bytes=0,weights+batch*cache+overhead_bytes<=gpu_bytes)",
            "Else its figures hold for chips that share the model; not asked where the memory is not public",
        ),
        Check("No roof is higher than the peak", "over_peak=0", "min(peak, bandwidth x intensity) for all chips of A"),
        Check("Each roof turns once, at its ridge", "sloping=left_of_ridge", "Two counts over A: by the roof and by the ridge"),
        Check(
            "Half the peak at half the ridge, all beyond",
            "ABS(below_ridge-1/2)+ABS(above_ridge-1)<=1E-09",
            "The roof of the chip picked",
        ),
        Check(
            "Batch to the ridge, by substitution",
            "ABS(2*batch_ridge/bytes_per_param-ridge)<=ridge*1E-09",
            "Its intensity is the ridge point",
        ),
        Check("With caches too", "ABS(crossing_proof-1)<=1E-06", "Intensity of that batch over the ridge point"),
        Check(
            "The whole step lies between its weights and its caches",
            "(step_intensity-weights_part)*(step_intensity-cache_part)<=step_intensity^2*1E-09",
            "A mean of the two, weighted by bytes",
        ),
        Check(
            "The batch that fits reaches no more than an endless one",
            'COUNTIF(fit_share,">"&ceiling_share*(1+1E-09))=0',
            "Caches set the ceiling",
        ),
        Check("INT4 decode on the phone is bound by compute", 'phone_bound="compute"', "As the article says (4.5)"),
        Check(
            "The hour adds up",
            "AND(software_loss>=-1E-09,work_share<=step_share*(1+1E-09))",
            "Nothing negative is left for software, and no more work than the roof allows",
        ),
        Check("No wait is negative", "MIN(weights_wait,cache_wait,1-work_share)>=0", "Each a share of the step"),
        Check(
            "Parts of the rent add up",
            "ABS(work_hour+weights_hour+cache_hour+software_hour-rent)<=1E-09*rent",
            "Work, waits and losses; not asked where no rent is known",
            otherwise="ISNUMBER(rent)*1",
        ),
        Check(
            "The gap to the phone, put back",
            "ABS(compute_gap*phone_rate-peak_flops)<=1E-09*peak_flops",
            "The phone's compute times the gap is the chip's",
        ),
        Check("No remedy makes it slower", "MIN(gain.all)>=-1E-09", "Calc_Remedies"),
        only_missing("by_chip", "where memory or rent is unknown, nothing fits, or no ridge is reached"),
        only_missing("by_context", "where the batch does not fit in memory"),
        only_missing("scenarios", "as in the calculation"),
        only_missing("levers", "where no rent is known"),
        Check("The waterfall holds no error", "ISNUMBER(SUM(hour.area))", "Whatever the chip, rented or not"),
        Check(
            "Levers start from the live cost",
            "CHOOSE(1+ISNUMBER(rent),TRUE,(levers.live-decode_cost)^2<=decode_cost^2*1E-12)",
            "Second computation on Sensitivity; not asked where no rent is known",
        ),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "step_share",
        "step_bound",
        "prefill_share",
        "prefill_bound",
        "alone_share",
        "ridge",
        "batch_ridge",
        "fit_batch",
        "work_hour",
        "decode_cost",
        "cost_ratio",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)
