// Makes the page quicker to work with; everything on it works without. It builds no markup from text: what it shows
// comes from our own pages, already escaped, and is moved over as nodes.
"use strict";

const main = () => document.getElementById("main");
const cards = () => [...main().querySelectorAll("[data-card]")];
const pill = document.getElementById("moved");
let current = 0;
let refused = false; // why something was not done stands there until it was read
let lost = false; // what somebody was at went away under them: a verdict key means nothing until they choose again

// ---- one card at a time ---------------------------------------------------------------------------------------------
function choose(place, scroll = true) {
  const all = cards();
  all.forEach((card) => card.classList.remove("is-current"));
  if (!all.length) return null;
  current = Math.max(0, Math.min(place, all.length - 1));
  lost = false;
  const card = all[current];
  card.classList.add("is-current");
  if (scroll) card.scrollIntoView({ block: "nearest" });
  lookUp(card);
  return card;
}

// What the CRM holds now is asked once, for the card somebody is at: reading has a budget too.
async function lookUp(card) {
  const place = card.querySelector("[data-now]:not([data-asked])");
  if (!place) return;
  place.dataset.asked = "yes";
  const found = await page(place.dataset.now);
  if (found && found.ok) place.replaceChildren(...found.document.body.childNodes);
}

// ---- pages without a white flash ------------------------------------------------------------------------------------
async function page(address, options = {}) {
  try {
    const answer = await fetch(address, { credentials: "same-origin", ...options });
    const text = await answer.text();
    return { ok: answer.ok, url: answer.url, document: new DOMParser().parseFromString(text, "text/html") };
  } catch {
    return null;
  }
}

function show(found, { keep = true, live = false } = {}) {
  const fresh = found.document.getElementById("main");
  if (!fresh) return location.assign(found.url);
  refused = false;
  const top = scrollY;
  const before = live ? place() : null;
  main().replaceChildren(...fresh.childNodes);
  for (const tab of found.document.querySelectorAll("[data-count]")) count(tab.dataset.count, Number(tab.textContent));
  document.title = found.document.title;
  pill.hidden = true;
  foldOnPhones();
  newestFirst();
  if (keep) scrollTo(0, top);
  if (live) stay(before);
  else choose(current, false);
}

// Others work on the same queue: the card somebody is at stays theirs and stays in its place, whatever went above it.
const again = (card) => cards().find((one) => one.dataset.card === card?.dataset.card);
const stops = (card) => [...(card?.querySelectorAll(":is(header, .verdicts) :is(a, button, summary)") ?? [])];
function place() {
  const at = lost ? undefined : cards()[current];
  const watched = main().querySelector("[data-card]:hover") ?? at;
  const held = document.activeElement.closest("[data-card]");
  return {
    at, watched, held, height: watched?.getBoundingClientRect().top, stop: stops(held).indexOf(document.activeElement),
  };
}
function stay({ at, watched, held, height, stop }) {
  const same = again(at);
  if (same) choose(cards().indexOf(same), false);
  else if (at || lost) lost = cards().length > 0;
  else choose(0, false);
  const there = again(watched);
  if (there) scrollBy(0, there.getBoundingClientRect().top - height);
  stops(again(held))[stop]?.focus({ preventScroll: true });
}

function count(home, number) {
  for (const tab of document.querySelectorAll("[data-count]")) {
    if (tab.dataset.count !== home) continue;
    tab.textContent = number;
    tab.hidden = !number;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.closest("dialog") || form.matches("[data-whole]") || (button && button.matches("[data-whole]"))) return;
  if (form.method !== "post" || !form.closest("#main")) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;  // a double click is one click
  const posted = new URLSearchParams(new FormData(form));
  if (button && button.name) posted.set(button.name, button.value);
  form.setAttribute("aria-busy", "true");
  const found = await page(form.getAttribute("action"), { method: "POST", body: posted });
  if (!found) {
    form.removeAttribute("aria-busy");
    return unanswered(form);
  }
  if (found.ok && new URL(found.url).pathname !== location.pathname) {
    history.pushState(null, "", found.url);
    current = 0;
    show(found, { keep: false });
    scrollTo(0, 0);
  } else {
    show(found);
    refused = !found.ok;
  }
});

// The service restarts, or the line is down: what was typed stays, and a second press of the same is taken as one.
function unanswered(form) {
  const around = form.closest("[data-card]") ?? form;
  const note = around.querySelector(".unanswered") ?? document.createElement("p");
  note.className = "note bad unanswered";
  note.setAttribute("role", "alert");
  note.textContent = "No answer came. Try again in a moment: what is pressed twice is done once.";
  around.append(note);
}
addEventListener("popstate", () => location.reload());

// ---- keys ------------------------------------------------------------------------------------------------------------
const typing = (node) => node.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.repeat && event.key !== "j" && event.key !== "k") return; // a key held down judges one question, not the queue
  if (event.key === "Escape") return leave();
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const card = lost ? null : cards()[current];
  const act = {
    j: () => choose(lost ? current : current + 1), k: () => choose(current - 1), "?": () => document.getElementById("keys")?.showModal(),
    a: () => card?.querySelector('[data-key="a"]')?.click(), e: () => edit(card), r: () => open(card, "r"),
    s: () => open(card, "s"), h: () => open(card, "h"), o: () => card?.querySelector(".record")?.click(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

function open(card, key) {
  const details = card?.querySelector(`details[data-key="${key}"]`);
  if (!details) return;
  details.open = true;
  details.querySelector("input:not([type=hidden]), select, button")?.focus();
}

function edit(card) {
  const field = card?.querySelector("#typed");
  if (field) field.focus();
  else if (card) location.assign(card.querySelector('a[data-key="e"]')?.href ?? card.dataset.edit);
}

function leave() {
  document.activeElement?.blur();
  main().querySelectorAll(".verdicts details[open]").forEach((details) => { details.open = false; });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) document.getElementById("keys")?.showModal();
  const card = event.target.closest("[data-card]");
  if (card) choose(cards().indexOf(card), false);
});

// ---- live ------------------------------------------------------------------------------------------------------------
// Somebody who is writing, choosing or reading a part is not disturbed: the pill says that something moved.
const busy = () =>
  refused || main().querySelector(".verdicts details[open], .judged details[open], form[aria-busy], .edit :focus") !== null ||
  (document.activeElement && typing(document.activeElement)) || !getSelection().isCollapsed || written();

// What was typed or chosen and not sent yet stays, also when somebody looks up from it.
const written = () => [...main().querySelectorAll("input, textarea, select")].some((one) =>
  one.matches("select:not([multiple])") ? one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected))
  : one.matches("select") ? [...one.options].some((option) => option.selected !== option.defaultSelected)
  : one.value !== one.defaultValue);

// A busy service moves all the time: a page is fetched anew now and then, however often it hears of something.
const REST = 1500;
let known = null;
let waiting = null;
function refresh() {
  if (waiting !== null || document.hidden) return;
  const address = location.href;
  waiting = setTimeout(async () => {
    const found = await page(address);
    waiting = null;
    if (!found || !found.ok || address !== location.href) return;
    if (busy()) pill.hidden = false;
    else show(found, { live: true });
  }, performance.now() - fetched > REST ? 0 : REST);
  fetched = performance.now();
}
let fetched = -REST;

// Only the tab that is looked at listens: a browser opens six lines to a site, and six tabs would take them all.
let source = null;
function listen() {
  if (!main()?.dataset.live || document.hidden || source) return;
  source = new EventSource(main().dataset.live);
  source.onmessage = (message) => {
    const beat = JSON.parse(message.data);
    Object.entries(beat.counts).forEach(([home, number]) => count(home, number));
    if (known !== null && beat.seq !== known) refresh();
    known = beat.seq;
  };
}
pill.addEventListener("click", async () => {
  leave();
  getSelection().removeAllRanges();
  const found = await page(location.href);
  if (found && found.ok) show(found);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (main()?.dataset.live) {
    refresh(); // nobody told it what happened while it was hidden
    listen();
  }
});

// ---- begin -----------------------------------------------------------------------------------------------------------
function foldOnPhones() {
  const fold = main().querySelector(".fold");
  if (fold && matchMedia("(max-width: 900px)").matches) fold.open = false;
}
// A chart that is wider than the page begins with its newest days.
function newestFirst() {
  for (const drawn of main().querySelectorAll(".drawn")) drawn.scrollLeft = drawn.scrollWidth;
}
foldOnPhones();
newestFirst();
// On a phone the navigation scrolls sideways; it never moves the page.
const tabs = document.querySelector(".tabs");
const here = tabs?.querySelector("[aria-current]");
if (here) tabs.scrollLeft = here.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
if (cards().length) choose(0, false);
listen();
