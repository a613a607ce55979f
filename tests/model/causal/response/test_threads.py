import pytest
import torch

from causalrec.model.causal.response.threads import PAIRS_PER_THREAD, few_threads


@pytest.mark.parametrize(("pairs", "threads"), [(0, 1), (PAIRS_PER_THREAD, 2), (100 * PAIRS_PER_THREAD, 3)])
def test_threads_grow_with_the_pairs_up_to_what_there_is(pairs: int, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(ValueError, match="on the way"), few_threads(pairs):
            assert torch.get_num_threads() == threads
            raise ValueError("on the way")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
