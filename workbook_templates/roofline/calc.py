"""From chip and model to intensities, the limit that binds, the share of the peak, and the rent that is at work."""

from workbook_templates import units as u
from workbook_templates.roofline.inputs import CHIPS, MODELS, NARROW
from workbook_templates.spec import WORD, Cases, Line, section

PICKED_MODEL = section("1  The model picked, in base units", *MODELS.lines)

PICKED_CHIP = section(
    "2  The chip picked, in base units",
    *CHIPS.lines,
    Line(
        "rent",
        "Rent",
        u.USD_PER_GPU_HOUR,
        "=IF(list_rent>0,list_rent*rent_level,NA())",
        "at your level of rents; #N/A where no rent is known",
    ),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line(
        "rate",
        "Peak compute, as computed with",
        u.FLOP_PER_S,
        f'=IF(arithmetic="{NARROW}",peak8_flops,peak_flops)',
        "narrower arithmetic raises the roof and the ridge, not the bandwidth",
    ),
    Line(
        "ridge",
        "Ridge point",
        u.INTENSITY,
        "=RIDGE_POINT(rate, bandwidth)",
        "compute over bandwidth: below it memory binds (article 4.2)",
        key=True,
    ),
)

PREFILL = section(
    "3  Prefill: the prompt at once",
    Line(
        "prefill_intensity",
        "Intensity of prefill",
        u.INTENSITY,
        "=PREFILL_INTENSITY(prompt_tokens, bytes_per_param)",
        "2n/B_p: each weight read serves every token of the prompt (article 3.1)",
        key=True,
    ),
    Line(
        "prefill_exact",
        "with activations counted",
        u.INTENSITY,
        "=MATMUL_INTENSITY(1*prompt_tokens, width, width, 2)",
        "one FP16 matrix: 819 in the article's case, a fifth of its 4,096",
    ),
    Line(
        "prompt_attention",
        "Intensity of its attention",
        u.INTENSITY,
        "=ATTENTION_INTENSITY(prompt_tokens, kv_value_bytes)",
        "n/B_v where the square never leaves the chip (article 3.1)",
    ),
    Line("prefill_bound", "What binds prefill", WORD, "=BOUND_BY(rate, bandwidth, prefill_intensity)", "", key=True),
    Line(
        "prefill_share",
        "Prefill, share of the peak",
        u.SHARE,
        "=COMPUTE_UTILISATION(rate, bandwidth, prefill_intensity)",
        "the roof over the peak (article 4.3)",
        key=True,
    ),
    Line(
        "prefill_tflops",
        "Prefill, under the roof",
        u.FINE_TFLOPS,
        "=ROOFLINE(rate, bandwidth, prefill_intensity)/1E+12",
        "article 4.2",
    ),
    Line(
        "prompt_ridge",
        "Prompt that reaches the ridge",
        u.TOKENS,
        "=ridge*bytes_per_param/2",
        "shorter ones wait for the weights",
    ),
    Line(
        "prompt_flops",
        "Operations of the prompt",
        u.FLOP,
        "=prompt_tokens*(2*active_parameters+pair_flops*prompt_tokens/2)",
        "2 per parameter and token, and half the square, the causal part",
    ),
    Line("weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, 8*bytes_per_param, 0, 0, 0)", "all that are stored"),
    Line(
        "prompt_seconds",
        "Time of the prompt",
        u.SHORT_SECONDS,
        "=MAX(weights/(bandwidth*achieved_bandwidth),PREFILL_SECONDS(prompt_flops, rate, achieved_compute))",
        "the better part of the time to first token (article 3.4)",
    ),
)

ALONE = section(
    "4  Decode: one stream",
    Line(
        "alone_intensity",
        "Intensity of one stream",
        u.INTENSITY,
        "=DECODE_INTENSITY(bytes_per_param, 1)",
        "2/B_p: FP16 1, INT8 2, INT4 4, whatever the model (article 3.2)",
        key=True,
    ),
    Line("alone_bound", "What binds one stream", WORD, "=BOUND_BY(rate, bandwidth, alone_intensity)"),
    Line(
        "alone_share",
        "One stream, share of the peak",
        u.SHARE,
        "=COMPUTE_UTILISATION(rate, bandwidth, alone_intensity)",
        'the "1%" of article 4.4: 0.3% at FP16, 1.4% at INT4 on an H100',
        key=True,
    ),
    Line("alone_tflops", "One stream, under the roof", u.FINE_TFLOPS, "=ROOFLINE(rate, bandwidth, alone_intensity)/1E+12"),
)

STEP = section(
    "5  Decode: a batch, weights and caches",
    Line(
        "weights_intensity",
        "Intensity of the weights",
        u.INTENSITY,
        "=DECODE_INTENSITY(bytes_per_param, batch)",
        "2B/B_p: a weight read once serves the whole batch",
    ),
    Line(
        "weights_peak", "Share of the peak, weights alone", u.SHARE, "=COMPUTE_UTILISATION(rate, bandwidth, weights_intensity)"
    ),
    Line(
        "batch_ridge",
        "Batch to the ridge, weights alone",
        u.FINE_SEQUENCES,
        "=BATCH_TO_RIDGE(rate, bandwidth, bytes_per_param)",
        "as if caches were free (article 4.2)",
        key=True,
    ),
    Line(
        "sharing",
        "Query heads per key-value head",
        u.SIZE,
        "=pair_flops/(2*MAX(kv_values,1))",
        "from operations and cache: 1 is multi-head, 4 grouped (article 1.8)",
    ),
    Line(
        "attention_intensity",
        "Intensity of attention",
        u.INTENSITY,
        "=DECODE_ATTENTION_INTENSITY(kv_value_bytes, MAX(1,sharing))",
        "2(h/g)/B_v at any batch and context; 1 for FP16 multi-head",
        key=True,
    ),
    Line(
        "token_flops",
        "Operations of a token",
        u.FLOP_PER_TOKEN,
        "=2*active_parameters+pair_flops*context",
        "weights, and a look back over the context",
    ),
    Line(
        "weights_read",
        "Weights read by a step",
        u.BYTES,
        "=MIN(parameters,batch*active_parameters)*bytes_per_param",
        "of experts no more than the batch can ask for: an upper bound",
    ),
    Line(
        "cache",
        "Cache read per sequence",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line(
        "step_intensity",
        "Intensity of the whole step",
        u.INTENSITY,
        "=batch*token_flops/(weights_read+batch*cache)",
        "all operations over all bytes",
        key=True,
    ),
    Line("step_bound", "What binds the step", WORD, "=BOUND_BY(rate, bandwidth, step_intensity)", "", key=True),
    Line(
        "step_share",
        "Step, share of the peak",
        u.SHARE,
        "=COMPUTE_UTILISATION(rate, bandwidth, step_intensity)",
        "what the roof allows before anything is lost to software",
        key=True,
    ),
    Line("weights_part", "Intensity of its weights", u.INTENSITY, "=batch*2*active_parameters/weights_read"),
    Line("cache_part", "Intensity of its caches", u.INTENSITY, "=pair_flops*context/MAX(cache,1)", "whatever they hold"),
    Line("step_tflops", "Step, under the roof", u.FINE_TFLOPS, "=ROOFLINE(rate, bandwidth, step_intensity)/1E+12"),
)

WALL = section(
    "6  The memory wall: how far a larger batch can go",
    Line(
        "ceiling_intensity",
        "Intensity of an endless batch",
        u.INTENSITY,
        "=token_flops/MAX(cache,1)",
        "weights shared by all, a cache for each",
    ),
    Line(
        "ceiling_share",
        "Most that any batch can reach",
        u.SHARE,
        "=COMPUTE_UTILISATION(rate, bandwidth, ceiling_intensity)",
        "of the peak, at this context",
        key=True,
    ),
    Line(
        "crossing",
        "Batch to the ridge, with caches",
        u.FINE_SEQUENCES,
        "=IF(token_flops>ridge*cache,ridge*weights/(token_flops-ridge*cache),NA())",
        "#N/A where the caches keep every batch below the ridge",
    ),
    Line(
        "crossing_proof",
        "Intensity there, over the ridge",
        u.RATIO,
        "=IF(ISNUMBER(crossing),crossing*token_flops/(weights+crossing*cache)/ridge,1)",
        "1 by substitution",
    ),
    Line(
        "fit_batch",
        "Batch that fits in memory",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights, cache, overhead_bytes)",
        "on one chip (article 5.5); #N/A: weights do not fit, memory unknown",
        key=True,
    ),
    Line(
        "fit_share",
        "Share of the peak at that batch",
        u.SHARE,
        "=COMPUTE_UTILISATION(rate, bandwidth, fit_batch*token_flops/(weights+fit_batch*cache))",
        "where memory ends (article 4.6)",
    ),
    Line(
        "wall_state",
        "What ends the climb",
        u.POSITION,
        "=1+(alone_intensity<ridge)*(1+(ridge*cache>=token_flops))",
        "1 one stream is past the ridge, 2 a batch can reach it, 3 none can",
    ),
    Line("climb", "Batch that reaches the ridge", WORD, '=IF(ISNUMBER(crossing),"Batch "&FIXED(crossing,0),"No batch")'),
    Line("reaching", "or one stream", WORD, '=IF(wall_state=1,"One stream",climb)'),
    Line("held", "Batch in memory", WORD, '=IF(ISNUMBER(fit_batch),FIXED(fit_batch,0),"an unknown batch")'),
)

MONEY = section(
    "7  What the rent buys",
    Line("reached_bandwidth", "Bandwidth reached", u.BYTES_PER_S, "=bandwidth*achieved_bandwidth"),
    Line("reached_compute", "Compute reached", u.FLOP_PER_S, "=rate*achieved_compute"),
    Line(
        "step_seconds",
        "Time of a decode step",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights_read, cache, reached_bandwidth, batch, 1, token_flops, reached_compute, 1)",
        "caches, and the slower of weights and computing, at the rates reached",
    ),
    Line("decode_rate", "Output, all sequences", u.TOKENS_PER_S, "=batch/step_seconds", key=True),
    Line("work_share", "Time at work", u.SHARE, "=batch*token_flops/rate/step_seconds", "operations over the peak", key=True),
    Line(
        "weights_wait",
        "Waiting for weights",
        u.SHARE,
        "=MAX(0,weights_read/bandwidth-batch*token_flops/rate)/step_seconds",
        "at full bandwidth",
    ),
    Line("cache_wait", "Waiting for caches", u.SHARE, "=batch*cache/bandwidth/step_seconds", "at full bandwidth"),
    Line(
        "software_loss",
        "Lost below full rates",
        u.SHARE,
        "=1-work_share-weights_wait-cache_wait",
        "scheduling, launches, kernels (article 6.1)",
    ),
    Line("whole_hour", "All of it", u.SHARE, "=work_share+weights_wait+cache_wait+software_loss", "100%"),
    Line("work_hour", "Rent at work", u.USD_PER_GPU_HOUR, "=rent*work_share", "of each hour of decoding", key=True),
    Line(
        "work_words",
        "in words",
        WORD,
        '=IF(ISNUMBER(rent),"$"&FIXED(work_hour,2)&" of $"&FIXED(rent,2),"no rent known")',
    ),
    Line("weights_hour", "Rent waiting for weights", u.USD_PER_GPU_HOUR, "=rent*weights_wait"),
    Line("cache_hour", "Rent waiting for caches", u.USD_PER_GPU_HOUR, "=rent*cache_wait"),
    Line("software_hour", "Rent lost below full rates", u.USD_PER_GPU_HOUR, "=rent*software_loss"),
    Line(
        "decode_cost",
        "Output token",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, decode_rate)",
        "every hour used; no staff, no idle hours (article 6.2)",
        key=True,
    ),
    Line(
        "prefill_cost", "Input token", u.USD_PER_MTOK, "=COST_PER_MTOK(rent, prompt_tokens/prompt_seconds)", "every hour used"
    ),
    Line(
        "cost_ratio",
        "Output over input cost",
        u.TIMES,
        "=(step_seconds/batch)/(prompt_seconds/prompt_tokens)",
        "time per output token over time per prompt token: physics, not margin (article 3.4)",
        key=True,
    ),
    Line("ratio_gap", "over what prices say", u.RATIO, "=cost_ratio/price_ratio", "above 1x output is priced below its cost"),
)

REMEDIES = Cases(
    "remedy",
    "Change",
    ("Bandwidth x2", "Compute x2", "Half the weight bytes", "Half the cache bytes", "Batch x2"),
    "Remedies",
)
BUYING = section(
    "What one change does to the output of the chip",
    Line("remedy_number", "Number", u.POSITION, "=MATCH(remedy,remedy.all,0)"),
    Line("remedy_bandwidth", "Bandwidth reached", u.BYTES_PER_S, "=reached_bandwidth*(1+(remedy_number=1))"),
    Line("remedy_compute", "Compute reached", u.FLOP_PER_S, "=reached_compute*(1+(remedy_number=2))"),
    Line("remedy_batch", "Batch", u.SEQUENCES, "=batch*(1+(remedy_number>4))"),
    Line(
        "remedy_weights",
        "Weights read",
        u.BYTES,
        "=MIN(parameters,remedy_batch*active_parameters)*bytes_per_param*(1-(remedy_number=3)/2)",
    ),
    Line("remedy_cache", "Cache read per sequence", u.BYTES, "=cache*(1-(remedy_number=4)/2)"),
    Line(
        "remedy_rate",
        "Output, all sequences",
        u.TOKENS_PER_S,
        "=TOKENS_PER_SECOND(remedy_weights, remedy_cache, remedy_bandwidth, remedy_batch, 1, token_flops, remedy_compute, 1)",
        "the decode step once more",
    ),
    Line(
        "gain",
        "More output",
        u.GAIN,
        "=remedy_rate/decode_rate-1",
        "what article 4.6 says to buy, in tokens per second",
        key=True,
        total="=MAX(gain.all)",
    ),
    over=REMEDIES,
)
ADVICE = section(
    "8  What to buy",
    Line("best_gain", "Most that one change gives", u.GAIN, "=gain.total", "see Calc_Remedies"),
    Line("best_remedy", "by", WORD, "=INDEX(remedy.all,1,MATCH(best_gain,gain.all,0))", "", key=True),
    Line("compute_gain", "Twice the compute gives", u.GAIN, "=INDEX(gain.all,1,2)", "article 4.4: next to nothing in decode"),
)

PHONE = section(
    "9  The article's phone, for comparison",
    Line("phone_row", "Row of the phone", u.POSITION, '=MATCH("Snapdragon 8 Elite",chips.names,0)', "article 4.1"),
    Line("phone_rate", "Its peak compute", u.FLOP_PER_S, "=INDEX(chips.peak_tflops,phone_row)*1E+12", "50 GFLOPS"),
    Line("phone_bandwidth", "Its bandwidth", u.BYTES_PER_S, "=INDEX(chips.bandwidth_gb_s,phone_row)*1E+09", "51 GB/s"),
    Line("phone_ridge", "Its ridge point", u.INTENSITY, "=RIDGE_POINT(phone_rate, phone_bandwidth)", "about 1 (article 4.2)"),
    Line(
        "phone_bound",
        "What binds INT4 decode there",
        WORD,
        "=BOUND_BY(phone_rate, phone_bandwidth, DECODE_INTENSITY(1/2, 1))",
        "compute: 4 operations per byte against a ridge of 1 (article 4.5)",
        key=True,
    ),
    Line("compute_gap", "The chip's compute over the phone's", u.MULTIPLE, "=peak_flops/phone_rate", "20,000 (article 4.1)"),
    Line(
        "bandwidth_gap", "The chip's bandwidth over the phone's", u.MULTIPLE, "=bandwidth/phone_bandwidth", "66 (article 4.1)"
    ),
    Line("below_ridge", "Roof at half the ridge, over the peak", u.SHARE, "=ROOFLINE(rate, bandwidth, ridge/2)/rate", "a half"),
    Line("above_ridge", "Roof at twice the ridge, over the peak", u.SHARE, "=ROOFLINE(rate, bandwidth, 2*ridge)/rate", "all"),
)

CALC = (PICKED_MODEL, PICKED_CHIP, PREFILL, ALONE, STEP, WALL, MONEY, BUYING, ADVICE, PHONE)
