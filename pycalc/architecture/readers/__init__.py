"""Readers: each makes an `Architecture` of the fields of its group of families."""

from collections.abc import Callable

from pycalc.architecture.fields import Fields
from pycalc.architecture.model import Architecture
from pycalc.architecture.readers import compressed, early, gemma, hybrid, latent, variants
from pycalc.architecture.readers.blocks import decoder

READERS: dict[str, Callable[[Fields], Architecture]] = {
    "bamba": hybrid.bamba,
    "bitnet": variants.bitnet,
    "bloom": early.bloom,
    "chatglm": variants.chatglm,
    "dbrx": variants.dbrx,
    "decoder": decoder,
    "deepseek_v4": compressed.deepseek_v4,
    "delta_hybrid": hybrid.delta_hybrid,
    "delta_hybrid_dense": hybrid.delta_hybrid_dense,
    "diffllama": variants.diffllama,
    "falcon": early.falcon,
    "falcon_h1": hybrid.falcon_h1,
    "gemma3n": gemma.gemma3n,
    "gemma4": gemma.gemma4,
    "gpt": early.gpt,
    "gpt_bigcode": early.gpt_bigcode,
    "gpt_neo": early.gpt_neo,
    "granite_hybrid": hybrid.granite_hybrid,
    "helium": variants.helium,
    "hunyuan_moe": variants.hunyuan_moe,
    "hyperclovax": variants.hyperclovax,
    "jamba": hybrid.jamba,
    "kimi_linear": latent.kimi_linear,
    "laguna": variants.laguna,
    "latent": latent.latent,
    "latent_dense": latent.latent_dense,
    "latent_sparse": latent.latent_sparse,
    "lfm2": hybrid.lfm2,
    "llama4": variants.llama4,
    "longcat": latent.longcat,
    "mamba": hybrid.mamba_model,
    "mamba2": hybrid.mamba2_model,
    "mimo_v2": variants.mimo_v2,
    "minimax": hybrid.minimax,
    "minimax_m3": latent.minimax_m3,
    "mpt": early.mpt,
    "nas": variants.nas,
    "nemotron_h": hybrid.nemotron_h,
    "olmo_hybrid": hybrid.olmo_hybrid,
    "opt": early.opt,
    "recurrent_gemma": hybrid.recurrent_gemma,
    "stablelm": variants.stablelm,
}
"""By the name in families.toml."""
