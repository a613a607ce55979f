"""Several short fits at once, where one fit keeps only one core busy."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.causal.response.rows import judged_looks
from causalrec.model.causal.response.threads import PAIRS_PER_THREAD, few_threads
from causalrec.training.device import choose_device
from causalrec.training.free_memory import available_bytes
from causalrec.training.ranks import present_ranks
from causalrec.training.response_memory import response_bytes

Given = TypeVar("Given")
Found = TypeVar("Found")


def fits_at_once(settings: Settings, data: Interactions) -> int:
    """How many response models can be fitted to ``data`` at the same time.

    One on a GPU, in a run of several processes, and where a fit has work for more than one thread; else as
    many as there are threads, and memory for their estimates.
    """
    device, looks = choose_device(settings.training.device), judged_looks(data)
    if looks is None or looks.count.size >= PAIRS_PER_THREAD:
        return 1
    if device.type != "cpu" or present_ranks(device).count > 1:
        return 1
    room = available_bytes() // response_bytes(data, looks, settings.model.response)
    return max(1, min(torch.get_num_threads(), room))


def side_by_side(fit: Callable[[Given], Found], given: Iterable[Given], at_once: int) -> list[Found]:
    """``fit`` of every one of ``given``, in their order; several at once in threads of their own.

    Torch lets go of the interpreter while it computes. Fits beside others have one torch thread each, and
    all have their own random numbers, so the results do not depend on ``at_once``.
    """
    if at_once == 1:
        return [fit(one) for one in given]
    with few_threads(0), ThreadPoolExecutor(max_workers=at_once) as pool:
        return list(pool.map(fit, given))
