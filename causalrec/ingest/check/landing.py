"""Checks the first and the newest delivery of each kind: files, columns, rows, ids, days, pictures."""

import datetime as dt

from causalrec.config import Settings
from causalrec.config.feed import FeedLayout
from causalrec.contracts import Contract, load_contract
from causalrec.ingest.advice import cure, field_advice
from causalrec.ingest.check.catalogue import Catalogue
from causalrec.ingest.check.delivery import Looked, look_at
from causalrec.ingest.check.found import DeliveryCheck
from causalrec.ingest.check.joined import ITEM, NO_CHOICE, Joined, joined
from causalrec.ingest.check.layouts import by_layout
from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.measured import Sampled, refusals, sampled
from causalrec.ingest.check.pictures import PictureCheck, check_pictures
from causalrec.ingest.check.remarks import currency_remarks, day_remarks, status_remarks
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.suggest import suggested
from causalrec.ingest.check.toml import toml_block
from causalrec.ingest.history import history_end
from causalrec.sources.landing import Kind, arrival_dates, strangers

LOOKED_AT = 2  # deliveries of a kind: the first and the newest
KINDS: tuple[Kind, ...] = ("events", "products")


def check_landing(settings: Settings, ds: dt.date | None = None) -> list[DeliveryCheck]:
    """Checks the first delivery of each kind and the newest one up to ``ds``."""
    looked = {kind: _looked(settings, kind, ds) for kind in reversed(KINDS)}
    events, products = looked["events"], looked["products"]
    choice = joined(events[0], products[0]) if events and products else NO_CHOICE
    known = Catalogue()
    found = []
    for kind, deliveries in looked.items():  # products first: events are compared with them
        if not deliveries:
            found.append(DeliveryCheck(kind, None, remarks=_beside(settings, kind)))
        found += [_judged(one, settings, known, choice) for one in deliveries]
    return found


def _looked(settings: Settings, kind: Kind, ds: dt.date | None) -> list[Looked]:
    dates = [day for day in arrival_dates(settings.landing_root, kind) if ds is None or day <= ds]
    chosen = dict.fromkeys((dates[0], dates[-1])) if dates else {}
    return [look_at(settings, kind, day, dates) for day in chosen]


def _beside(settings: Settings, kind: Kind) -> tuple[str, ...]:
    names = strangers(settings.landing_root, kind)
    if not names:
        return ()
    shown = ", ".join(names[:5])
    return (
        f"{len(names)} entries beside the deliveries are ignored ({shown}): folders are named "
        f"{kind}/arrival_date=YYYY-MM-DD",
    )


def _judged(looked: Looked, settings: Settings, known: Catalogue, choice: Joined) -> DeliveryCheck:
    kind, day, landing, table = looked.kind, looked.date, looked.landing, load_contract(looked.kind)
    rows = [row for one in looked.files for row in one.rows]
    seen = sampled(rows, table, settings, history_end(looked.dates, (), settings.ingest))
    reasons = seen.measures.rejects
    remarks = [*_beside(settings, kind), *day_remarks(rows, kind, day, settings, reasons)]
    if kind == "products":
        known.ids.update(row["item_id"] for row in seen.good)
        known.whole = known.whole and len(looked.dates) <= LOOKED_AT and not looked.partly
    elif known.ids:
        remarks += known.remarks(seen.good)
    pictures = check_pictures(seen.good, settings) if kind == "products" else None
    refused = _refused(looked, seen, settings, known, pictures)
    tree: Tree = {}
    if refused or seen.measures.nulled or any(one.problem for one in looked.files):
        tree, said = _proposed(looked, choice)
        remarks += said
    if tree and choice.said and kind == "events":
        remarks.append(choice.said)
    return DeliveryCheck(
        kind, day, len(looked.dates), tuple(looked.files), looked.unread,
        toml=toml_block(landing, tree),
        refuse_unread=settings.landing.unread_files == "refuse",
        rejects={r: (n, seen.examples[r], cure(r, table)) for r, n in reasons.items()},
        nulled={note: _emptied(note, n, seen, table) for note, n in seen.measures.nulled.items()},
        rows=len(rows), left_out=seen.measures.left_out, share=looked.share, remarks=tuple(remarks),
        warnings=_warnings(looked),
        pictures=pictures,
        refused=tuple(refused),
    )  # fmt: skip


def _refused(
    looked: Looked, seen: Sampled, settings: Settings, known: Catalogue, pictures: PictureCheck | None
) -> list[str]:
    """Why the gate would refuse the delivery, judging by its sampled rows."""
    if not looked.entries:
        return ["the delivery has no files, 0 rows"]
    readable = looked.read and not any(one.problem for one in looked.files)
    table = load_contract(looked.kind)
    found = refusals(looked.date, seen.measures, table, looked.landing, settings) if readable else []
    if looked.kind == "events" and known.ids:
        found += known.refusals(seen.good, looked.date, settings)
    if pictures is not None:
        found += pictures.refusals(settings.features.image.max_failure_share)
    return found


def _proposed(looked: Looked, choice: Joined) -> tuple[Tree, list[str]]:
    """Settings for all files; of a file whose encoding hides its columns, also those for the columns."""

    def suggest(found: FileCheck, feed: FeedLayout) -> Tree:
        meant = choice.products if looked.kind == "products" else choice.events.get(found.name, "")
        chosen = {ITEM: meant} if meant else {}
        tree = suggested(found, looked.landing, feed.model_dump(), chosen)
        if set(tree) != {"encoding"}:
            return tree
        feed = feed.model_copy(update=tree)
        return tree | suggested(looked.again(found, feed), looked.landing, feed.model_dump(), chosen)

    return by_layout(looked.files, looked.landing, looked.layout, suggest)


def _warnings(looked: Looked) -> tuple[str, ...]:
    """What no rule would notice, layout by layout."""
    by_pattern: dict[str, list[FileCheck]] = {}
    for one in looked.files:
        by_pattern.setdefault(looked.layout_of(one).pattern, []).append(one)
    said = [
        line
        for files in by_pattern.values()
        for remarks in (currency_remarks, status_remarks)
        for line in remarks(files, looked.layout_of(files[0]), looked.landing)
    ]
    return tuple(said)


def _emptied(note: str, rows: int, seen: Sampled, table: Contract) -> tuple[int, str, str]:
    column, _, reason = note.partition(" ")
    return rows, seen.examples[note], field_advice(column, reason, table)
