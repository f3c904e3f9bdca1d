"""Which encoder an index uses: exported into it, checked when opened, refused when it is another."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from index.derived import ENCODER
from index.errors import CorruptIndexError, EncoderNotFoundError, IncompatibleIndexError
from index.manifest import EncoderInfo, Manifest, find_damage, sum_file

if TYPE_CHECKING:
    from index.encoder import Encoder

ONNX, SENTENCE_TRANSFORMERS, GIVEN = "onnx", "sentence-transformers", "given"


def open_encoder(folder: Path, info: EncoderInfo, *, threads: int | None = None) -> Encoder:
    """Open the encoder that the index carries.

    Raises:
        EncoderNotFoundError: The index carries none.
        CorruptIndexError: Its files are missing or damaged.
        IncompatibleIndexError: It is not the one that the index was made with.
    """
    from index.encoder import OnnxEncoder, SentenceTransformersEncoder

    encoder: Encoder
    if info.runtime == SENTENCE_TRANSFORMERS:
        encoder = SentenceTransformersEncoder(info.name)
    elif info.path is not None:
        if (problem := find_damage(folder, info.files)) is not None:
            raise CorruptIndexError(f"{problem}; mend it with: qa index ARTICLES --index {folder}")
        encoder = OnnxEncoder.open(folder / info.path, threads=threads, check=False)
    else:
        raise EncoderNotFoundError(f"{folder} carries no encoder: it was built with {info.name}, open it with that")
    check_encoder(folder, info, encoder)
    return encoder


def check_encoder(folder: Path, info: EncoderInfo, encoder: Encoder) -> None:
    """Refuse an encoder other than the one that made the index.

    Raises:
        IncompatibleIndexError: Name or dimension differ.
    """
    if (encoder.name, encoder.dim) != (info.name, info.dim):
        raise IncompatibleIndexError(
            f"{folder} was built with the encoder {info.name} ({info.dim} dimensions), not {encoder.name} "
            f"({encoder.dim}); use that one, or build the index again with: qa index ARTICLES --index {folder} "
            "--rebuild"
        )


class BuildEncoder:
    """The encoder of a build: chosen at once, loaded when the first passage needs it."""

    def __init__(self, folder: Path, info: EncoderInfo, *, device: str | None, given: Encoder | None) -> None:
        """Keep what loading will need; :meth:`choose` makes one."""
        self.info = info
        self._folder = folder
        self._device = device
        self._loaded = given

    @classmethod
    def choose(
        cls, folder: Path, before: Manifest | None, *, model: str | None, device: str | None, given: Encoder | None
    ) -> BuildEncoder:
        """Take the encoder of the index, or export one into the folder where it has none or a damaged one.

        Args:
            folder: Of the index.
            before: The published manifest. If None, there is nothing that the encoder must fit.
            model: Name or folder. If None, that of the index, or the default one.
            device: As torch names it. If None, the CPU, or a GPU where there is one.
            given: An encoder to use instead.

        Raises:
            IncompatibleIndexError: The index was made with another encoder.
            EncoderNotFoundError: There is no such model.
        """
        if given is not None:
            info = EncoderInfo(name=given.name, dim=given.dim, runtime=GIVEN)
            if before is not None:
                check_encoder(folder, before.encoder, given)
                info = before.encoder
            return cls(folder, info, device=device, given=given)
        name = _full_name(model)
        if before is None:
            return cls(folder, _export(folder, name, 1, device), device=device, given=None)
        info = before.encoder
        if name is not None and name != info.name:
            raise IncompatibleIndexError(
                f"{folder} was built with the encoder {info.name}, not {name}; leave --model out to keep it, or build "
                f"the index again with: qa index ARTICLES --index {folder} --model {name} --rebuild"
            )
        if info.path is not None and find_damage(folder, info.files) is not None:
            fresh = _export(folder, info.name, before.generation + 1, device)
            if fresh.sha256 != info.sha256:
                raise IncompatibleIndexError(
                    f"{info.name} is not the model any more that {folder} was built with (its weights differ); build "
                    f"the index again with: qa index ARTICLES --index {folder} --rebuild"
                )
            info = fresh
        return cls(folder, info, device=device, given=None)

    def load(self) -> Encoder:
        """Return the encoder for passages."""
        if self._loaded is None:
            if self._device not in (None, "cpu") or (self._device is None and _has_gpu()):
                from index.encoder import SentenceTransformersEncoder

                self._loaded = SentenceTransformersEncoder(self.info.name, self._device)
            else:
                self._loaded = open_encoder(self._folder, self.info)
        return self._loaded


def _export(folder: Path, name: str | None, number: int, device: str | None) -> EncoderInfo:
    from index.encoder import DEFAULT_MODEL, SentenceTransformersEncoder
    from index.encoder_export import export_encoder

    name = name or DEFAULT_MODEL
    path = folder / ENCODER / f"{number:08d}"
    try:
        files = export_encoder(name, path)
    except IncompatibleIndexError:
        if device is None:
            raise
        dim = SentenceTransformersEncoder(name, device).dim
        return EncoderInfo(name=name, dim=dim, runtime=SENTENCE_TRANSFORMERS)
    return EncoderInfo(
        name=files.name,
        dim=files.dim,
        runtime=ONNX,
        sha256=files.weights_sha256,
        path=path.relative_to(folder).as_posix(),
        files=tuple(sum_file(folder, file) for file in sorted(path.iterdir())),
    )


def _full_name(model: str | None) -> str | None:
    """Return the name as it is kept: a folder by its absolute path."""
    if model is not None and (folder := Path(model).expanduser()).is_dir():
        return folder.absolute().as_posix()
    return model


def _has_gpu() -> bool:
    """Return whether torch sees a GPU; torch is only asked where there is a driver, since importing it is slow.

    Where torch was left out, as in the container image, none is seen.
    """
    has_driver = any(Path("/dev", name).exists() for name in ("nvidia0", "kfd", "dxg"))
    if not has_driver or find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())
