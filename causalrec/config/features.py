"""The encoders of pictures and texts."""

from typing import Annotated, Literal

from pydantic import Field

from causalrec.config.section import FolderOrUri, ModelName, Section


class ImageSettings(Section):
    """Image encoder (open_clip) and the limits that are checked before a picture is decoded."""

    model: ModelName = Field(
        "lite",
        description="lite (weights from an installed package), an open_clip architecture, "
        "hf-hub:ORG/NAME, local-dir:FOLDER or plugin:NAME",
    )
    pretrained: FolderOrUri | None = Field(
        None, description="open_clip tag or local checkpoint file; only for an architecture name"
    )
    batch_size: int = Field(4, ge=1, description="pictures that pass the model at a time on a CPU")
    gpu_batch_size: int = Field(128, ge=1, description="pictures that pass the model at a time on a GPU")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cuda, cpu, or auto: the GPU where a task has one; not part of the encoder id"
    )
    backend: Literal["torch", "onnxruntime"] = Field(
        "torch", description="torch, or onnxruntime (on the CPU, an extra); part of the encoder id"
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", description="bf16 on CPUs and GPUs that have it, fp16 only on a GPU; part of the encoder id"
    )
    max_bytes: int = Field(
        20_000_000,
        ge=1,
        description="largest file, in bytes; checked before a picture is decoded, as the three below",
    )
    max_pixels: int = Field(40_000_000, ge=1, description="most pixels of a picture")
    min_side: int = Field(8, ge=1, description="shortest side, in pixels")
    max_side: int = Field(12_000, ge=1, description="longest side, in pixels")
    formats: tuple[str, ...] = Field(
        ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "AVIF", "HEIF"),
        description="formats that are opened, by Pillow's names",
    )
    max_failure_share: float = Field(
        0.5, gt=0, le=1, description="share of failed pictures from which the job fails"
    )
    retry_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 4),
        description="days after the first, second, ... attempt on which an unreachable picture is "
        "tried again",
    )
    threads: int = Field(1, ge=1, description="threads of the model on one Spark worker")


class TextSettings(Section):
    """Text encoder (transformers)."""

    model: ModelName = Field(
        "lite",
        description="lite (weights from an installed package), a hub id, a local folder, "
        "local-dir:FOLDER for the text half of an open_clip model, or plugin:NAME",
    )
    pooling: Literal["mean", "cls"] = Field(
        "mean", description="mean over the tokens, or the first (cls) token"
    )
    max_tokens: int = Field(128, ge=8, description="tokens after which texts are truncated")
    batch_tokens: int = Field(
        512, ge=1, description="tokens, padding included, that pass the model at a time on a CPU"
    )
    gpu_batch_tokens: int = Field(
        32_768, ge=1, description="tokens, padding included, that pass the model at a time on a GPU"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cuda, cpu, or auto: the GPU where a task has one; not part of the encoder id"
    )
    backend: Literal["torch", "onnxruntime"] = Field(
        "torch", description="torch, or onnxruntime (on the CPU, an extra); part of the encoder id"
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", description="bf16 on CPUs and GPUs that have it, fp16 only on a GPU; part of the encoder id"
    )
    threads: int = Field(1, ge=1, description="threads of the model on one Spark worker")


class FeatureSettings(Section):
    """Both encoders."""

    task_gpus: float = Field(
        0.0,
        ge=0,
        description="GPUs that each embedding task asks Spark for (0.5: two tasks share one); 0: none",
    )
    image: ImageSettings = ImageSettings()
    text: TextSettings = TextSettings()
