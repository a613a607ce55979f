"""SASRec: the next item from the order of those before it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, Recommender, SavedModel
from causalrec.model.rivals.epochs import fit_epochs
from causalrec.model.rivals.sequences import Longs, SequenceNetwork, Sequences


class SasRecRecommender(Recommender):
    """Kang and McAuley, "Self-attentive sequential recommendation" (ICDM 2018), with cross-entropy over
    shared negatives in place of one negative (Klenitskiy and Vasilev, RecSys 2023).

    It needs the times of the training pairs; a new user's history counts in the order in which it is given.
    """

    name = "sasrec"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 256),
        "model.sasrec.blocks": (1, 2),
        "model.sasrec.dropout": (0.1, 0.2, 0.5),
        "model.sasrec.learning_rate": (0.0005, 0.001, 0.002),
    }

    def __init__(self, settings: ModelSettings, judge: Judge, seed: int, device: torch.device) -> None:
        self.settings, self.judge, self.seed, self.device = settings, judge, seed, device
        self.network: SequenceNetwork | None = None
        self.sequences: Sequences | None = None

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Adam on batches of users; the best epoch on validation stays.

        Raises:
            TrainingError: the data have no times, or the loss is not finite.
        """
        settings = self.settings.sasrec
        torch.manual_seed(self.seed)
        self.sequences = Sequences.of(data, self.seed)
        self.network = network = self._network(data.n_items)
        optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        active, rng = np.unique(data.train[0]), np.random.default_rng(self.seed)
        sequences, drawn = self.sequences, min(settings.negatives, data.n_items)

        def one_epoch(_: int) -> float:
            losses = []
            for users in np.array_split(rng.permutation(active), max(active.size // settings.batch, 1)):
                rows = torch.from_numpy(sequences.rows(users, settings.length, data.n_items)[0])
                negatives = torch.from_numpy(rng.choice(data.n_items, drawn, replace=False))
                loss = network.loss(rows.to(self.device), negatives.to(self.device))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(float(loss.detach()))
            return float(np.mean(losses))

        judged_on = sampled(data, JUDGED_USERS, self.seed)
        value = (lambda: self.judge(self.score, judged_on)) if data.valid.shape[1] else None
        return fit_epochs(
            network, settings.epochs, settings.judge_every, settings.patience, one_epoch, value, progress
        )

    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N)."""
        return self._scores(self._known(), users.astype(np.int64))

    def score_histories(self, histories: Sequence[Ints]) -> Floats:
        """Scores of new users; an empty history gets what usually comes first."""
        start = np.cumsum([0, *(len(items) for items in histories)]).astype(np.int64)
        items = np.concatenate([np.empty(0, np.int32), *histories]).astype(np.int32)
        return self._scores(Sequences(items, start), np.arange(len(histories), dtype=np.int64))

    def _scores(self, sequences: Sequences, users: Longs) -> Floats:
        network, length = self._fitted(), self.settings.sasrec.length
        found = np.empty((users.size, network.n_items), dtype=np.float32)
        with torch.no_grad():
            network.eval()
            catalogue = network.items.weight[: network.n_items].T
            for first in range(0, users.size, self.settings.sasrec.batch):
                some = slice(first, first + self.settings.sasrec.batch)
                rows, last = sequences.rows(users[some], length, network.n_items)
                states = network.states(torch.from_numpy(rows).to(self.device))
                found[some] = (
                    (states[torch.arange(last.size), torch.from_numpy(last)] @ catalogue).cpu().numpy()
                )
        return found

    def saved(self) -> SavedModel:
        """Histories and weights."""
        network, known = self._fitted(), self._known()
        arrays = {f"network.{name}": value.cpu().numpy() for name, value in network.state_dict().items()}
        return SavedModel(
            {**arrays, "items": known.items, "start": known.start}, {"n_items": network.n_items}
        )

    def restore(self, saved: SavedModel) -> None:
        """Takes both back."""
        self.sequences = Sequences(saved.arrays["items"], saved.arrays["start"])
        self.network = self._network(int(saved.facts["n_items"]))
        prefix = "network."
        state = {
            name.removeprefix(prefix): torch.from_numpy(np.array(array))
            for name, array in saved.arrays.items()
            if name.startswith(prefix)
        }
        self.network.load_state_dict(state)

    def _network(self, n_items: int) -> SequenceNetwork:
        settings = self.settings.sasrec
        network = SequenceNetwork(
            n_items, self.settings.dim, settings.length, settings.blocks, settings.heads, settings.dropout
        )
        return network.to(self.device)

    def _known(self) -> Sequences:
        if self.sequences is None:
            raise TrainingError("sasrec is not fitted", do="call fit or load a saved model first")
        return self.sequences

    def _fitted(self) -> SequenceNetwork:
        if self.network is None:
            raise TrainingError("sasrec is not fitted", do="call fit or load a saved model first")
        return self.network
