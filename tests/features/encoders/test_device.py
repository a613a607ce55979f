"""Which device a task computes on, and what Spark is asked for."""

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders.device import CPU, device_of, gpu_profile, move, task_address, task_device
from causalrec.features.encoders.image import OpenClipEncoder, image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from tests.pictures.samples import scene

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

UUIDS = ["GPU-aa", "GPU-bb", "GPU-cc"]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def test_the_address_that_spark_gave_is_the_device() -> None:
    assert device_of("2", UUIDS, process=7) == "cuda:2"
    assert device_of("GPU-bb", UUIDS, process=7) == "cuda:1"
    with pytest.raises(FeatureError, match="Spark gave GPU 3, torch sees 3"):
        device_of("3", UUIDS, process=7)


def test_processes_without_an_address_share_out_the_devices() -> None:
    assert {device_of(None, UUIDS, process) for process in range(6)} == {"cuda:0", "cuda:1", "cuda:2"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_cuda_auto_is_the_cpu_and_cuda_is_refused() -> None:
    assert task_device(ImageSettings()) == task_device(TextSettings(device="cpu")) == CPU
    with pytest.raises(FeatureError, match="no CUDA device") as caught:
        task_device(TextSettings(device="cuda"))
    assert "features.task_gpus" in caught.value.do


def test_outside_of_a_task_there_is_no_address() -> None:
    assert task_address() is None


def test_the_device_is_no_part_of_the_id_and_16_bit_floats_need_a_gpu() -> None:
    assert image_encoder_id(ImageSettings(device="cuda")) == image_encoder_id(ImageSettings())
    assert "-fp16-" in text_encoder_id(TextSettings(device="cuda", precision="fp16"))
    with pytest.raises(SettingsError, match="fp16 on device auto"):
        text_encoder_id(TextSettings(precision="fp16"))
    with pytest.raises(SettingsError, match="on cuda"):
        image_encoder_id(ImageSettings(backend="onnxruntime", device="cuda"))


def test_what_cannot_move_says_so() -> None:
    move(np.sum, CPU)
    with pytest.raises(FeatureError, match="does not compute on cuda:0"):
        move(np.sum, "cuda:0")


@pytest.mark.spark
def test_a_master_without_gpu_scheduling_is_refused(spark: "SparkSession") -> None:
    assert gpu_profile(spark, 0.0) is None
    with pytest.raises(SettingsError, match="schedules no GPUs"):
        gpu_profile(spark, 1.0)


@needs_cuda
def test_a_gpu_gives_the_vectors_of_the_cpu() -> None:
    pictures = [scene(colour=colour) for colour in ("red", "green", "blue")]
    plain = OpenClipEncoder(ImageSettings(), "image-lite")
    there = OpenClipEncoder(ImageSettings(device="cuda"), "image-lite", "cuda")
    there.move("cuda:0")
    assert there.batch_size == ImageSettings().gpu_batch_size
    assert (plain.encode(pictures) * there.encode(pictures)).sum(axis=1).min() > 0.9999
