"""A model by its name, or from its files: a config.json, a folder of the model, the weights with a config.json beside."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from pycalc.architecture.document import ConfigError, open_regular, parse_config, read_config, shown
from pycalc.architecture.gguf import is_gguf
from pycalc.architecture.gguf_models import load_gguf
from pycalc.architecture.model import Architecture
from pycalc.architecture.reading import read_architecture
from pycalc.architecture.safetensors import read_tensors
from pycalc.architecture.tensors import Tensor, holding, packed_width, parameters_in
from pycalc.errors import UnknownNameError

CONFIG = "config.json"
SAFETENSORS = ".safetensors"
INDEX = "model.safetensors.index.json"
WHOLE = "model.safetensors"
SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.safetensors")
MOST_FILES = 2_000
MAX_INDEX = 32 << 20
"""DeepSeek V3's has 9 MiB."""


def load(name_or_path: str) -> Architecture:
    """The model of a file or a folder, or by its name in the catalogue, in any spelling.

    >>> len(load("Llama 3.2 1B").layers)
    16
    """
    path = Path(name_or_path)
    if os.path.isdir(name_or_path):
        return _with_weights(path, _weight_files(path))
    if path.suffix == SAFETENSORS:
        return _with_weights(path.parent, _all_of(path))
    if path.suffix == ".gguf" or is_gguf(name_or_path):
        return load_gguf(path)
    if path.suffix == ".json" or os.path.exists(name_or_path):
        return read_architecture(read_config(name_or_path), shown(name_or_path))
    from pycalc.catalog import find_model

    try:
        model = find_model(name_or_path)
    except UnknownNameError as unknown:
        raise UnknownNameError(f"{unknown.reason}; or give the path of a {CONFIG}") from None
    return read_architecture(read_config(model.path), model.name)


def _with_weights(folder: Path, files: list[Path]) -> Architecture:
    """The folder's config.json, held against the tensors in the files."""
    path = folder / CONFIG
    if not os.path.lexists(path):
        if files:
            raise ConfigError(f"{shown(files[0])}: the layers are described by a {CONFIG}, which is missing in {shown(folder)}")
        other = "; give the path of a .gguf file itself" if any(folder.glob("*.gguf")) else ""
        raise ConfigError(f"{shown(folder)}: is a folder without a {CONFIG}{other}")
    document = read_config(path)
    architecture = read_architecture(document, shown(path))
    if not files:
        return replace(architecture, notes=(*architecture.notes, f"no {SAFETENSORS} files beside; weights not checked"))
    where = shown(folder)
    count = partial(parameters_in, packed=packed_width(document), where=where)
    return holding(architecture, _tensors(files), len(files), where, count)


def _all_of(path: Path) -> list[Path]:
    """The file, with the other shards where it is one of several."""
    if not os.path.lexists(path):
        raise ConfigError(f"{shown(path)}: there is no such file")
    if (path.parent / INDEX).exists() and path in (listed := _listed(path.parent)):
        return listed
    return _shards(path.name, path.parent) or [path]


def _weight_files(folder: Path) -> list[Path]:
    """The files that hold a folder's model: those of its index, else the only file, else all shards of the only set."""
    if (folder / INDEX).exists():
        return _listed(folder)
    if (folder / WHOLE).exists():
        return [folder / WHOLE]
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(SAFETENSORS))
    except OSError as failure:
        raise ConfigError(f"{shown(folder)}: cannot be read: {failure.strerror}") from None
    if not names:
        return []
    files = _shards(names[0], folder) or [folder / names[0]]
    if strange := sorted(set(names) - {path.name for path in files}):
        raise ConfigError(f"{shown(folder)}: without {INDEX} it is not known whether {shown(strange[0])} is of the model")
    return files


def _listed(folder: Path) -> list[Path]:
    """The shards that an index names, each a file of the folder; which tensor is where, the shards say themselves."""
    path = folder / INDEX
    where = shown(path)
    with open_regular(path, where, f"an {INDEX}") as stream:
        data = stream.read(MAX_INDEX + 1)
    if len(data) > MAX_INDEX:
        raise ConfigError(f"{where}: is larger than {MAX_INDEX >> 20} MiB, which no index is")
    weights = parse_config(data, where).get("weight_map")
    if not isinstance(weights, dict) or not weights or not all(isinstance(name, str) for name in weights.values()):
        raise ConfigError(f"{where}: weight_map is no object that names a file for each tensor")
    names = sorted(set(weights.values()))
    for name in names:
        if os.path.basename(name) != name or "\\" in name or not name.endswith(SAFETENSORS):
            raise ConfigError(f"{where}: names {shown(name)}, which is no {SAFETENSORS} file of its folder")
    return _present([folder / name for name in names], where)


def _shards(name: str, folder: Path) -> list[Path]:
    """All files of the set of which the name is one."""
    match = SHARD.fullmatch(name)
    if not match:
        return []
    count = int(match[3])
    if not 0 < count <= MOST_FILES:
        raise ConfigError(f"{shown(name)}: is of a set of {count} files; up to {MOST_FILES} are read")
    return _present(
        [folder / f"{match[1]}-{index:05}-of-{match[3]}{SAFETENSORS}" for index in range(1, count + 1)], shown(folder)
    )


def _present(files: list[Path], where: str) -> list[Path]:
    for path in files:
        if not path.exists():
            raise ConfigError(f"{where}: {shown(path.name)} is missing, so the weights are not complete")
    return files


def _tensors(files: list[Path]) -> Iterator[Tensor]:
    """The tensors of all files; a name occurs once."""
    seen: set[str] = set()
    for path in files:
        for tensor in read_tensors(path):
            if tensor.name in seen:
                raise ConfigError(f"{shown(path)}: the tensor {shown(tensor.name)} occurs in another file too")
            seen.add(tensor.name)
            yield tensor
