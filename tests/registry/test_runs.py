"""What a review shows of the run of a version."""

from types import SimpleNamespace

from causalrec.registry.runs import RunFacts, attach_page, run_facts
from causalrec.registry.versions import PACKAGE_HASH, TUNED, ModelVersion

from .stored import Client, as_client

CURVES = {"loss": [(2, 0.5), (1, 0.75)], "ndcg_at_20": [(1, 0.25)], "seconds": [(1, 9.0)]}


class Runs(Client):
    """A client with one run and its curves."""

    logged: tuple[str, str, str]

    def get_metric_history(self, run: str, name: str) -> list[SimpleNamespace]:
        assert run == "run 3"
        points = CURVES.get(name, [(0, 1.0)])  # logged once, without a step
        return [SimpleNamespace(step=step, value=value) for step, value in points]

    def log_text(self, run: str, text: str, path: str) -> None:
        self.logged = (run, text, path)


def test_curves_origin_and_cost() -> None:
    client = Runs()
    client.add("3", run_tags={"ds": "2026-03-01", "seed": "7", "other": "x", "pins": '{"b": 2, "a": 1}'})
    metrics = {"loss": 0.5, "ndcg_at_20": 0.25, "seconds": 9.0, "epochs": 12345.678, "best_epoch": 2.0}
    client.runs["run 3"].data.metrics = metrics
    version = ModelVersion("shop", "3", "run 3", "", {"dataset_id": "d", TUNED: "t", PACKAGE_HASH: "p"})
    assert run_facts(as_client(client), version) == RunFacts(
        {"loss": ((1, 0.75), (2, 0.5)), "ndcg@20": ((1, 0.25),)},
        2,
        {
            "version": "shop version 3", "run": "run 3", "dataset_id": "d", "ds": "2026-03-01", "seed": "7",
            "tuned settings": "t", "package sha256": "p", "table a": "Delta version 1",
            "table b": "Delta version 2",
        },
        {"epochs": "1.235e+04", "chosen epoch": "2"},
    )  # fmt: skip


def test_a_run_that_says_little() -> None:
    client = Runs()
    client.add("3")
    version = ModelVersion("shop", "3", "run 3", "")
    lineage = {"version": "shop version 3", "run": "run 3"}
    assert run_facts(as_client(client), version) == RunFacts({}, None, lineage, {})
    client.runs["run 3"].data.metrics = {"best_epoch": 0.0}
    assert run_facts(as_client(client), version).best_epoch is None


def test_a_page_is_logged_and_named_by_a_tag() -> None:
    client = Runs()
    stored = client.add("3")
    assert (
        attach_page(as_client(client), ModelVersion("shop", "3", "run 3", ""), "p.html", "<p>")
        == "review/p.html"
    )
    assert client.logged == ("run 3", "<p>", "review/p.html")
    assert stored.tags == {"review": "review/p.html"}
