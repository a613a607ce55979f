// Looks up people, items and words in the shards beside this file and draws what it finds. Nothing here comes from,
// or goes to, a network; every text is set as text, never as HTML.
"use strict";

const loaded = new Map(); // name of a shard -> promise of its content, null where it is gone
const arrived = new Map(); // the same while its script runs

function site(name, content) { // called by every shard
  arrived.set(name, content);
}
globalThis.site = site;

function load(name) {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((done) => {
      const script = document.createElement("script");
      script.src = `data/${name}.js`;
      script.onload = () => done(arrived.get(name) ?? null);
      script.onerror = () => done(null); // erased since the site was written
      document.head.append(script);
    }));
  }
  return loaded.get(name);
}

function compare(one, other) { // by code points, as the shards are sorted
  const left = [...one], right = [...other];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    if (left[at] !== right[at]) return left[at].codePointAt(0) - right[at].codePointAt(0);
  }
  return left.length - right.length;
}

function upto(sorted, id) { // position of the last entry that is not beyond the id
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(sorted[middle], id) <= 0) low = middle + 1; else high = middle;
  }
  return low - 1;
}

async function find(kind, id) { // the shard that holds the id, and its place there; null if there is none
  const index = await load("index");
  const number = index ? upto(index.firsts[kind], id) : -1;
  const shard = number < 0 ? null : await load(`${kind}-${number}`);
  if (!shard) return null;
  const place = upto(shard.ids, id);
  return place >= 0 && shard.ids[place] === id ? { shard, place } : null;
}

async function beginning(kind, start, most) { // [shard, place] of ids that begin so
  const index = await load("index"), found = [];
  if (!index) return found;
  const firsts = index.firsts[kind];
  for (let number = Math.max(0, upto(firsts, start)); number < firsts.length && found.length < most; number++) {
    const shard = await load(`${kind}-${number}`);
    if (!shard) continue;
    let place = Math.max(0, upto(shard.ids, start));
    if (compare(shard.ids[place], start) < 0) place++;
    for (; place < shard.ids.length && found.length < most; place++) {
      if (!shard.ids[place].startsWith(start)) return found;
      found.push([shard, place]);
    }
  }
  return found;
}

function rows(shard, group, place) { // the rows of a group that belong to an id
  const columns = shard[group], names = Object.keys(columns).filter((name) => name !== "of"), found = [];
  columns.of.forEach((of, at) => {
    if (of === place) found.push(Object.fromEntries(names.map((name) => [name, columns[name][at]])));
  });
  return found;
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const link = (page, id, ...children) => element("a", { href: `${page}.html#${encodeURIComponent(id)}` }, ...children);

function photo(picture, title) {
  if (!picture) return element("div", { class: "none photo", role: "img", "aria-label": "no picture" }, "no picture");
  return element("img", { class: "photo", src: picture, alt: title });
}

async function depict(card) { // puts picture and title into an element that names its item
  const id = card.dataset.item, found = await find("items", id);
  const title = found?.shard.title[found.place] ?? id;
  card.prepend(photo(found?.shard.picture[found.place], ""));
  card.querySelector(".t").textContent = (card.dataset.rank ? `${card.dataset.rank}. ` : "") + title;
}

function card(id, rank, ...notes) {
  const made = element("a", { class: "item", href: `items.html#${encodeURIComponent(id)}`, "data-item": id });
  if (rank) made.dataset.rank = rank;
  made.append(element("div", { class: "t" }, id), ...notes.filter(Boolean).map((note) => element("div", { class: "r" }, note)));
  depict(made);
  return made;
}

const strip = (label, cards) => element("div", { class: "strip", tabindex: "0", role: "region", "aria-label": label }, ...cards);

function section(title, ...children) {
  return element("section", null, element("h2", null, title), ...children);
}

function show(title, ...children) { // replaces what the page shows, and tells the reader
  const place = document.getElementById("shown"), heading = element("h1", { tabindex: "-1" }, title);
  const start = document.getElementById("start");
  if (start) start.hidden = true;
  place.replaceChildren(heading, ...children);
  document.title = document.title.replace(/^.*?(?= · )/, title);
  heading.focus();
}

function moved(row) {
  if (row.raw_rank === null || row.score_rank === null || row.raw_rank === row.score_rank) return null;
  const gained = row.raw_rank - row.score_rank;
  return element("span", { class: gained > 0 ? "up" : "down" }, `${gained > 0 ? "▲" : "▼"} ${Math.abs(gained)}`);
}

const NAMES = {
  similar_items: "Similar", complements: "Goes with", substitutes: "Instead of",
  cart_lists: "Goes with the open cart", buy_again: "Likely to be bought again", recent_items: "Seen last",
};

function byTable(found, label, itemOf) {
  return [...new Set(found.map((row) => row.table))].map((table) => section(
    NAMES[table] ?? table,
    strip(`${NAMES[table] ?? table}: ${label}`, found.filter((row) => row.table === table).map((row) => card(itemOf(row), row.rank, ...row.markets ? [`sold in ${row.markets}`] : []))),
  ));
}

async function person(id) {
  const found = await find("people", id);
  if (!found) return show(id, element("p", null, "There is nobody of this id here: not published, not in the sample of the site, or erased."));
  const { shard, place } = found, list = rows(shard, "list", place), past = rows(shard, "past", place);
  const history = past.length
    ? strip(`history of ${id}`, past.map((row) => card(row.item_id, null, row.day)))
    : element("p", null, "Nothing was known of this user.");
  const lines = list.map((row) => {
    const told = row.shop_reason ? Object.values(JSON.parse(row.shop_reason)).map((text) => `“${text}”`) : [];
    const made = card(row.item_id, row.rank, ...told, row.reason_text, row.confounder_code);
    const gained = moved(row);
    if (gained) made.querySelector(".t").after(gained);
    return element("li", null, made);
  });
  show(
    id,
    element("p", { class: "lead" }, `${shard.label[place]}${shard.market[place] ? ` · market ${shard.market[place]}` : ""} · model version ${shard.version[place]} · list for ${document.body.dataset.ds}`),
    section(`History (${shard.chosen[place]})`, history),
    section(
      "Recommended",
      element("p", { class: "dim small" }, "▲ ▼ places gained or lost against the raw model, by score alone"),
      element("ol", { class: "cards" }, ...lines),
    ),
    ...byTable(rows(shard, "other", place), id, (row) => row.item_id),
  );
}

async function item(id) {
  const found = await find("items", id);
  if (!found) return show(id, element("p", null, "There is no item of this id here: not in the catalogue of this night, or erased."));
  const { shard, place } = found, title = shard.title[place] ?? id;
  const facts = {
    id, brand: shard.brand[place], category: shard.category[place], "chosen by": `${shard.popularity[place]} users`,
    "in lists": `${shard.lists[place]}, first in ${shard.first[place]}`, confounder: shard.code[place],
  };
  const pairs = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  show(
    title,
    element("section", null, element(
      "div", { class: "whole" }, photo(shard.picture[place], title),
      element("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [element("dt", null, name), element("dd", null, value)])),
    )),
    ...byTable(rows(shard, "near", place), title, (row) => row.item),
  );
}

async function itemsOfWords(text, most) { // items that have every word, or the beginning of one
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [], index = await load("index");
  let kept = null;
  for (const word of words) {
    const places = new Set();
    for (const [shard, place] of await beginning("words", word, 40)) rows(shard, "items", place).forEach((row) => places.add(row.item));
    kept = kept === null ? places : new Set([...kept].filter((one) => places.has(one)));
  }
  const found = [];
  for (const place of [...(kept ?? [])].slice(0, most)) {
    const shard = await load(`items-${Math.floor(place / index.sizes.items)}`);
    if (shard) found.push(shard.ids[place % index.sizes.items]);
  }
  return found;
}

async function search() {
  const text = (new URLSearchParams(location.search).get("q") ?? "").trim(), place = document.getElementById("shown");
  document.getElementById("q").value = text;
  if (!text) return;
  const people = (await beginning("people", text, 24)).map(([shard, at]) => shard.ids[at]);
  const exact = (await beginning("items", text, 24)).map(([shard, at]) => shard.ids[at]);
  const items = [...new Set([...exact, ...await itemsOfWords(text, 24)])].slice(0, 24);
  const nobody = element("p", null, `Nothing begins with “${text}”, and no title or brand has these words.`);
  place.replaceChildren(
    ...people.length ? [section("People", element("ul", { class: "chips" }, ...people.map((id) => element("li", null, link("people", id, id)))))] : [],
    ...items.length ? [section("Items", element("ul", { class: "cards" }, ...items.map((id) => element("li", null, card(id, null, id)))))] : [],
    ...people.length || items.length ? [] : [nobody],
  );
}

function route() {
  const draw = { people: person, items: item }[document.body.dataset.page];
  if (!draw) return;
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { /* typed by hand */ }
  if (id && id !== "main") return draw(id);
  if (id) return;
  document.getElementById("start").hidden = false;
  document.getElementById("shown").replaceChildren();
}

document.querySelectorAll("[data-item]").forEach(depict);
addEventListener("hashchange", route);
if (document.body.dataset.page === "search") search(); else route();
