"""Serving in plain Python numbers, one load at a time, from the sizes on a model's card: an oracle for the package.

Written from the equations of docs/serving.md, sharing no code with the package; `tests/pycalc/serving/test_by_hand.py`
compares every figure.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A decoder with grouped queries, three matrices in its MLP, RMS norms, a head of its own."""

    layers: int
    d: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    experts: int = 0
    used: int = 0

    @property
    def matrices(self) -> int:
        """Weights of the dense matrices of all layers."""
        attention = self.d * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        mlp = self.d * self.experts if self.experts else 3 * self.d * self.ffn
        return self.layers * (attention + mlp)

    @property
    def norms(self) -> int:
        """Kept in 16 bits; too few to count among what streams."""
        return self.layers * 2 * self.d + self.d

    @property
    def expert(self) -> int:
        return 3 * self.d * self.ffn if self.experts else 0

    def routed(self, tokens: float) -> float:
        """Weights of the experts that so many tokens reach, each token taking its experts at random."""
        if not self.experts:
            return 0.0
        return self.layers * self.expert * self.experts * (1 - (1 - self.used / self.experts) ** tokens)

    @property
    def head(self) -> int:
        return self.d * self.vocab

    def kv_bytes(self, tokens: float, bits: float) -> float:
        return 2 * self.layers * self.kv_heads * self.head_dim * tokens * bits / 8

    def attention_flops(self, new: float, past: float) -> float:
        """Each new token with all before it and itself: scores and sums, 2 FLOPs a product."""
        pairs = new * past + new * (new + 1) / 2
        return 4 * self.layers * self.heads * self.head_dim * pairs


@dataclass(frozen=True)
class Setting:
    """Chips, their figures and what is reached of them."""

    bandwidth: float
    peak: float
    narrow_peak: float
    narrow_share: float
    link: float
    tensor: int
    stages: int
    copies: int
    experts_shared: bool
    chunk: int
    weight_bits: float
    kv_bits: float
    e: dict[str, float]
    draft_tokens: float = 0
    acceptance: float = 0
    draft_s: float = 0


def _layer_bytes(card, s, tokens):
    split = 1 if s.experts_shared else s.tensor
    dense = (card.matrices * s.weight_bits + card.head * 16) / 8 / split
    return dense + card.routed(tokens) * s.weight_bits / 8 / s.tensor


def _matrices(card, s, tokens, head_tokens):
    dense = 2 * tokens * card.matrices / (s.narrow_peak * s.tensor * s.narrow_share)
    routed = 2 * tokens * card.layers * card.used * card.expert / (s.narrow_peak * s.tensor * s.narrow_share)
    head = 2 * head_tokens * card.head / (s.peak * s.tensor * s.e["compute_16"])
    return dense + routed / s.e["experts"] + head


def _links(card, s, tokens, passes):
    hops, moved = (s.stages - 1) * passes, (s.stages - 1) * tokens * card.d * 2
    if s.tensor > 1 and s.experts_shared:
        hops += 2 * card.layers * passes
        moved += card.layers * tokens / s.tensor * card.used * card.d * 3
    elif s.tensor > 1:
        hops += 2 * card.layers * passes
        moved += 2 * card.layers * tokens * card.d * 2 * 2 * (s.tensor - 1) / s.tensor
    return s.e["hop_s"] * hops + moved / (s.link * s.e["link"])


def _launches(card, s, passes):
    return passes * card.layers * (s.e["layer_s"] + (s.e["routed_layer_s"] if card.experts else 0))


def step_parts(card, s, batch, context):
    """A decode step: what each part takes, by its name."""
    together = max(batch / s.stages, 1)
    tokens = together * (s.draft_tokens + 1)
    caches = together * card.kv_bytes(context, s.kv_bits) / s.tensor
    attending = tokens * card.attention_flops(1, context - 1)
    own = together / s.tensor if s.experts_shared else together
    return {
        "weights": _layer_bytes(card, s, tokens) / s.bandwidth / s.e["weights"],
        "compute": _matrices(card, s, tokens, tokens),
        "cache": caches / s.bandwidth / s.e["cache"],
        "attention": attending / (s.peak * s.tensor * s.e["attention"]),
        "launches": _launches(card, s, 1) + s.e["sequence_s"] * own,
        "links": _links(card, s, tokens, 1),
        "draft": s.draft_tokens * s.draft_s,
    }


def _seconds(parts):
    slower = max(parts["weights"], parts["compute"]) + max(parts["cache"], parts["attention"])
    return slower + parts["launches"] + parts["links"] + parts["draft"]


def prompt_seconds(card, s, new, past, loaded):
    """A prompt by itself in whole chunks, or its share of chunks that are filled with the tokens of many."""
    passes = new / s.chunk if loaded else max(math.ceil(new / s.chunk), 1)
    flow = 1 / s.stages if loaded else (passes + s.stages - 1) / (passes * s.stages)
    streamed = passes * _layer_bytes(card, s, s.chunk if loaded else min(new, s.chunk))
    attending = card.attention_flops(new, past)
    parts = {
        "weights": flow * streamed / s.bandwidth / s.e["weights"],
        "compute": flow * _matrices(card, s, new, 1),
        "cache": 0,
        "attention": flow * attending / (s.peak * s.tensor * s.e["attention"]),
        "launches": _launches(card, s, passes) + s.e["prompt_s"],
        "links": _links(card, s, new, passes),
        "draft": 0,
    }
    return _seconds(parts)


def figures(card, s, n_in, n_out, batch, cached, usd, utilisation):
    """The mid values."""
    new = n_in * (1 - cached)
    past = n_in - new
    first, share = (prompt_seconds(card, s, new, past, loaded) for loaded in (False, True))
    step = _seconds(step_parts(card, s, batch, n_in + (n_out - 1) / 2 + 1))
    a, g = s.acceptance, s.draft_tokens
    tpot = step / sum(a**i for i in range(int(g) + 1))
    cycle = batch * share + (n_out - 1) * tpot
    busy = batch * share / cycle
    requests = s.copies * batch / cycle
    waiting = min(busy, 0.999)  # prompts alone would wait for ever
    queue = step / 2 + waiting * share / (2 * (1 - waiting)) if batch > 1 else 0
    rent = usd * s.tensor * s.stages / 3600 / utilisation
    fresh = max(new, 1)
    seen = max(n_in - fresh, 1)
    paid = (card.attention_flops(fresh, seen) - card.attention_flops(fresh, 0)) / seen
    decoding = (n_out - 1) * tpot / batch
    return {
        "ttft_s": first,
        "ttft_loaded_s": first + queue,
        "tpot_s": tpot,
        "tpot_loaded_s": tpot + (batch - 1) * share / n_out,
        "tokens_per_s_user": 1 / tpot,
        "tokens_per_s": requests * n_out,
        "input_tokens_per_s": requests * n_in,
        "requests_per_s": requests,
        "prefill_pool_tokens_per_s": s.copies * n_in / share,
        "decode_pool_tokens_per_s": s.copies * batch / tpot,
        "usd_per_mtok_input": rent * share / n_in * 1e6,
        "usd_per_mtok_cached_input": rent * 1e6 * paid / (s.peak * s.e["attention"] * s.tensor * s.stages),
        "usd_per_mtok_output": rent * decoding / n_out * 1e6,
        "usd_per_mtok_blended": rent * (share + decoding) / (n_in + n_out) * 1e6,
        "usd_per_request": rent * (share + decoding),
    }


def weights_per_chip(card, s):
    """Bytes: layers at their width, norms, embeddings and head at 16 bits; experts shared out, the rest on every chip."""
    routed = card.layers * card.experts * card.expert * s.weight_bits / 8
    rest = card.matrices * s.weight_bits / 8 + (card.norms + 2 * card.head) * 2
    return (rest + routed / s.tensor) / s.stages if s.experts_shared else (rest + routed) / s.tensor / s.stages


def users(card, s, tokens, usable, overhead, page, most):
    """Sequences of so many tokens beside the weights, caches in whole pages."""
    room = card.kv_bytes(math.ceil(tokens / page) * page, s.kv_bits) / s.stages
    groups = s.tensor if s.experts_shared else 1
    split = 1 if s.experts_shared else s.tensor
    left = max(usable - weights_per_chip(card, s) - overhead, 0)
    return min(math.floor(left / (room / split)) * groups, most)
