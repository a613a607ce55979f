"""The device that a task's encoder runs on, and the Spark resources that the task requests for it."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError

if TYPE_CHECKING:
    from pyspark.resource import ResourceProfile
    from pyspark.sql import SparkSession

CPU = "cpu"
GPU = "gpu"  # Spark's name of the resource
EXECUTOR_GPUS = f"spark.executor.resource.{GPU}.amount"


@runtime_checkable
class Movable(Protocol):
    """What :func:`move` can move."""

    def move(self, device: str) -> None:
        """Compute on ``device`` from now on."""
        ...


Loaded = TypeVar("Loaded", bound=Movable)


def gpu_profile(spark: "SparkSession", share: float) -> "ResourceProfile | None":
    """The Spark resources of an embedding stage's tasks; None if ``share`` (GPUs per task) is 0.

    Only that stage requests GPUs: all others use all cores of the same executors.

    Raises:
        SettingsError: this master schedules no GPUs, or its executors have none.
    """
    if not share:
        return None
    context = spark.sparkContext
    master, conf = str(context.master), context.getConf()
    if master.startswith("local") and not master.startswith("local-cluster"):
        raise SettingsError(
            f"features.task_gpus = {share}: master {master} schedules no GPUs",
            do="set it to 0; a task on this machine takes a GPU that it finds",
        )
    if float(conf.get(EXECUTOR_GPUS, "0") or 0) <= 0:
        raise SettingsError(
            f"features.task_gpus = {share}, but the executors have no GPUs",
            do=f"set {EXECUTOR_GPUS} and its discovery script in spark.conf, or features.task_gpus = 0",
        )
    from pyspark.resource import ResourceProfileBuilder, TaskResourceRequests

    cpus = int(conf.get("spark.task.cpus", "1") or 1)
    return ResourceProfileBuilder().require(TaskResourceRequests().cpus(cpus).resource(GPU, share)).build


def task_device(settings: ImageSettings | TextSettings) -> str:
    """``cpu`` or ``cuda:N`` for the running task: the GPU that Spark assigned, else one per process.

    Raises:
        FeatureError: CUDA is requested but not available, or the GPU that Spark assigned is not visible here.
    """
    import torch

    if settings.device == CPU or settings.backend == "onnxruntime":
        return CPU
    if not torch.cuda.is_available():
        if settings.device == "auto":
            return CPU
        raise FeatureError(
            "device = cuda, but torch sees no CUDA device here",
            do="run the stage where GPUs and their driver are (features.task_gpus), or set device = auto",
        )
    count = torch.cuda.device_count()
    names = [f"GPU-{torch.cuda.get_device_properties(place).uuid}" for place in range(count)]
    return device_of(task_address(), names, os.getpid())


def on_task_device(settings: ImageSettings | TextSettings, load: Callable[[str], Loaded]) -> Loaded:
    """The result of ``load`` for ``cpu`` or ``cuda``, on the device of the running task.

    Raises:
        FeatureError: as :func:`task_device`.
    """
    device = task_device(settings)
    encoder = load(kind_of(device))
    encoder.move(device)
    return encoder


def kind_of(device: str) -> str:
    """``cpu`` or ``cuda``."""
    return device.partition(":")[0]


def move(compute: object, device: str) -> None:
    """Make a function of arrays compute on ``device``; one that cannot move stays on the CPU.

    Raises:
        FeatureError: it is asked to move and cannot.
    """
    if isinstance(compute, Movable):
        compute.move(device)
    elif device != CPU:
        raise FeatureError(f"this backend does not compute on {device}", do="set backend = torch")


def task_address() -> str | None:
    """Address of the GPU that Spark assigned to the running task; None without one, or outside a task."""
    from pyspark import TaskContext

    context = TaskContext.get()
    given = context.resources().get(GPU) if context is not None else None
    return str(given.addresses[0]) if given is not None and given.addresses else None


def device_of(address: str | None, uuids: Sequence[str], process: int) -> str:
    """The device with an address (its number or UUID); without an address, processes take turns.

    Raises:
        FeatureError: there is no such device.
    """
    if address is None:
        return f"cuda:{process % len(uuids)}"
    places = {str(place): place for place in range(len(uuids))}
    places |= {uuid: place for place, uuid in enumerate(uuids)}
    if address not in places:
        raise FeatureError(
            f"Spark gave GPU {address}, torch sees {len(uuids)} of them here",
            do="check the discovery script and CUDA_VISIBLE_DEVICES of the executors",
        )
    return f"cuda:{places[address]}"
