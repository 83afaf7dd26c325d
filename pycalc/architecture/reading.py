"""From a config.json to an `Architecture`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pycalc.architecture.document import ConfigError
from pycalc.architecture.families import TIED, table
from pycalc.architecture.fields import Fields
from pycalc.architecture.model import Architecture
from pycalc.architecture.quantisation import native_width
from pycalc.architecture.readers import READERS
from pycalc.errors import shorten

NO_HEAD = ("Classification", "Model", "QuestionAnswering", "MaskedLM", "RewardModel", "Embedding")


def read_architecture(document: Mapping[str, Any], where: str = "config.json") -> Architecture:
    """The model that the object of a config.json describes; ``where`` names the file in refusals."""
    values, model_type, where, nested = _text_model(document, where)
    _generates(document, where)
    family = table().rows[model_type]
    fields = Fields(values, family, model_type, where, nested=nested)
    architecture = READERS[family.reader](fields)
    fields.finish()
    native = native_width(document)
    return replace(architecture, native=native) if native else architecture


def _text_model(document: Mapping[str, Any], where: str) -> tuple[Mapping[str, Any], str, str, bool]:
    """The fields of the text model, its model_type, where they stand and whether that is inside another's."""
    model_type = _type_of(document, where)
    if model_type in table().rows:
        return document, model_type, where, False
    if model_type not in table().wrappers:
        raise ConfigError(f"{where}: the architecture {shorten(ascii(model_type), 60)} (model_type) is not known")
    for name in table().text_fields:
        inner = document.get(name)
        if isinstance(inner, Mapping):
            break
    else:
        raise ConfigError(f"{where}: {model_type} has no text_config")
    where = f"{where}: {name}"
    inner_type = _type_of({"model_type": table().wrappers[model_type]} | dict(inner), where)
    if inner_type in table().wrappers and inner_type != model_type:
        return _text_model(inner, where)
    text_type = inner_type if inner_type in table().rows else table().wrappers[model_type]
    if text_type not in table().rows:
        raise ConfigError(f"{where}: the architecture {shorten(ascii(inner_type), 60)} (model_type) is not known")
    outer = {key: document[key] for key in (TIED, "dtype", "torch_dtype") if key in document}
    return outer | {key: value for key, value in inner.items() if value is not None or key not in outer}, text_type, where, True


def _type_of(document: Mapping[str, Any], where: str) -> str:
    model_type = document.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise ConfigError(f"{where}: the field model_type is {'no text' if model_type else 'missing'}")
    return model_type


def _generates(document: Mapping[str, Any], where: str) -> None:
    """A class without a language-model head has other parameters than the count would say."""
    classes = document.get("architectures")
    if classes is None:
        return
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ConfigError(f"{where}: the field architectures is no list of texts")
    for name in classes:
        if name.endswith(NO_HEAD) and not name.endswith(("LMHeadModel", "ChatGLMModel")):
            raise ConfigError(
                f"{where}: the field architectures names {shorten(ascii(name), 60)}, which has no language-model head"
            )
