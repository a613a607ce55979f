"""Great Expectations' Data Docs: a folder of pages with every validation, for people."""

import datetime as dt
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.data_context import AbstractDataContext

SITE = "pages"
BATCH = "measures"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""As on the pages of reports: no scripts, and nothing from elsewhere. The template of Great Expectations asks
several hosts for styles and scripts, which would learn who reads what."""


@cache
def docs_context(folder: Path | None) -> "AbstractDataContext":
    """Great Expectations without output.

    Its results and pages are kept below ``folder``, or only in memory.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        FilesystemStoreBackendDefaults,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    stores = InMemoryStoreBackendDefaults()
    if folder is not None:
        disk = FilesystemStoreBackendDefaults(root_directory=folder)
        stores.stores[stores.validation_results_store_name] = disk.stores[disk.validation_results_store_name]
        stores.data_docs_sites = {
            SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(folder / SITE),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        }
    quiet = DataContextConfig(
        store_backend_defaults=stores,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=quiet)


def write_page(
    context: "AbstractDataContext",
    folder: Path,
    suite: str,
    run: dt.date,
    result: "ExpectationSuiteValidationResult",
) -> None:
    """Store ``result`` as the validation of ``run`` and write its page, its suite's page and the index.

    The same run written again replaces its page.

    Args:
        folder: that of ``context``.
    """
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    midnight = dt.datetime.combine(run, dt.time(), dt.UTC)
    identity = RunIdentifier(run_name=run.isoformat(), run_time=midnight)
    result.meta["run_id"] = identity
    name = ExpectationSuiteIdentifier(suite)
    key = ValidationResultIdentifier(name, identity, BATCH)
    context.validation_results_store.set(key, result)
    context.build_data_docs(site_names=[SITE], resource_identifiers=[key, name])
    site = folder / SITE
    runs = (site / "validations" / suite / run.isoformat()).rglob("*.html")
    for page in (site / "index.html", site / "expectations" / f"{suite}.html", *runs):
        if page.is_file():
            _protect(page)


def _protect(page: Path) -> None:
    """In one step, and only if it is complete: the products' and the events' job share the index."""
    html = page.read_text(encoding="utf-8")
    protected = with_policy(html)
    if protected != html and "</html>" in html:
        draft = page.with_suffix(f".{os.getpid()}")
        draft.write_text(protected, encoding="utf-8")
        draft.replace(page)


def with_policy(html: str) -> str:
    """``html`` with a Content-Security-Policy, which has to stand before everything that it forbids."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return html if meta in html else html.replace("<head>", f"<head>{meta}", 1)
