// The live page: asks for the state again and again, and shows it.
// Text of a run is only set as text, never as HTML; Plotly interprets some HTML, so `plain` escapes it.
"use strict";

const $ = (id) => document.getElementById(id);
const plain = (text) => String(text).replace(/[&<>]/g, (c) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;"}[c]));
const SYMBOLS = {none: "circle", pool: "square", bank: "triangle-up", phased: "diamond"};
const AXIS = {gridcolor: "#e6e6e6", zeroline: false, linecolor: "#999", ticks: "outside", automargin: true};
let shown = "";       // what was drawn last, to leave a page alone in which nothing changed
let now = {};

function element(parent, tag, text, attributes = {}) {
  const made = parent.appendChild(document.createElement(tag));
  if (text !== undefined) made.textContent = text;
  return Object.assign(made, attributes);
}

function time(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function table(id, head, rows) {
  const place = $(id);
  place.replaceChildren();
  const top = element(element(place, "thead"), "tr");
  for (const title of head) element(top, "th", title);
  const body = element(place, "tbody");
  for (const row of rows) {
    const line = element(body, "tr");
    for (const cell of row) cell instanceof Node ? element(line, "td").append(cell) : element(line, "td", cell);
  }
}

function choose(id, names, wanted) {
  const box = $(id), old = box.value;
  if ([...box.options].map((one) => one.textContent).join("\n") === names.join("\n")) return;
  box.replaceChildren();
  names.forEach((name, place) => element(box, "option", name, {value: String(place)}));
  box.value = old !== "" && Number(old) < names.length ? old : String(Math.min(wanted, names.length - 1));
}

function heading() {
  document.title = now.total ? `${now.done}/${now.total} ${now.name}` : now.name;
  $("name").textContent = now.name;
  const count = now.total ? `${now.done} of ${now.total} runs have ended` : "nothing is planned yet";
  const left = typeof now.left_s === "number" && now.done < now.total ? `, about ${time(now.left_s)} left` : "";
  $("line").textContent = `${now.state}: ${count}${left}`;
  $("error").hidden = !now.error;
  $("error").textContent = now.error || "";
}

function progress() {
  table("stages", ["stage", "", "ended", "failed"], (now.stages || []).map((one) => {
    const bar = Object.assign(document.createElement("progress"), {max: one.total, value: one.done});
    return [one.label, bar, `${one.done} of ${one.total}`, one.failed ? String(one.failed) : ""];
  }));
  table("latest", ["stage", "design", "status", "took", "result"],
    (now.latest || []).map((one) => [one.stage, one.label, one.status, time(one.seconds), one.result]));
}

function study() {
  const found = now.study;
  $("study").hidden = !found;
  if (!found) return;
  const outcomes = Object.entries(found.outcomes).map(([name, count]) => `${count} ${name}`).join(", ");
  $("study-line").textContent = `${found.sampler}: ${found.evaluations} of ${found.budget} designs evaluated` +
    (outcomes ? ` (${outcomes})` : "") + `; hypervolume ${found.hypervolume.toFixed(4)}`;
}

function skips() {
  const found = now.skipped || [];
  $("skips").hidden = !found.length;
  $("skipped").replaceChildren();
  for (const [stage, reason, count] of found)
    element($("skipped"), "li", `${stage}: ${count} design${count > 1 ? "s" : ""}, ${reason}`);
}

function failures() {
  const place = $("failed"), open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  place.replaceChildren();
  if (!(now.failures || []).length) element(place, "p", "none");
  for (const one of now.failures || []) {
    const box = element(place, "details");
    box.dataset.key = `${one.stage} ${one.design}`;
    box.open = open.has(box.dataset.key);
    element(box, "summary", `${one.stage} ${one.design}: ${one.status}, ${one.reason}`);
    element(box, "pre", one.log || "no log");
  }
}

function front() {
  const names = now.objectives || [], all = now.designs || [];
  const targets = [...new Set(all.map((one) => one.target))].sort();
  const first = (now.less || []).indexOf(true);
  choose("x", names, Math.max(first, 0));
  choose("y", names, first === 0 ? Math.min(1, names.length - 1) : 0);
  choose("target", targets, 0);
  $("of-target").hidden = targets.length < 2;
  $("front-line").textContent = `${now.complete || 0} designs have all their results.`;
  if (!names.length) return;
  const x = Number($("x").value), y = Number($("y").value), target = targets[Number($("target").value)];
  const mine = all.filter((one) => one.target === target);
  const cloud = (rows, member) => ({
    type: "scatter", mode: "markers", showlegend: false, hoverinfo: "text",
    x: rows.map((one) => one.values[x]), y: rows.map((one) => one.values[y]),
    text: rows.map((one) => [one.label, ...one.values.map((value, at) => `${names[at]} ${+value.toPrecision(6)}`)].map(plain).join("<br>")),
    marker: {
      size: member ? 11 : 7, color: rows.map((one) => now.colours[one.rng] || "#8a8a8a"), opacity: member ? 1 : 0.7,
      symbol: rows.map((one) => (SYMBOLS[one.reuse] || "circle") + (member ? "" : "-open")),
      line: {width: 1, color: "#222"},
    },
  });
  Plotly.react($("plane"), [cloud(mine.filter((one) => !one.front), false), cloud(mine.filter((one) => one.front), true)], {
    height: 460, margin: {l: 58, r: 14, t: 14, b: 44}, hovermode: "closest", showlegend: false,
    xaxis: {...AXIS, title: {text: plain(names[x])}}, yaxis: {...AXIS, title: {text: plain(names[y])}},
  }, {displaylogo: false, responsive: true});
}

async function follow() {
  let wait = 2;
  try {
    const answer = await fetch("state", {cache: "no-store", signal: AbortSignal.timeout(20000)}), text = await answer.text();
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    if (text !== shown) {
      now = JSON.parse(text);
      for (const part of [heading, progress, study, skips, failures, front]) part();
      shown = text;
    }
    wait = now.interval_s;
  } catch (error) {
    shown = "";
    $("error").hidden = false;
    $("error").textContent = `no answer from pezoexplore watch (${error.message}); it may have been stopped`;
  }
  document.body.dataset.ready = "1";
  setTimeout(follow, 1000 * wait);
}

for (const id of ["x", "y", "target"]) $(id).addEventListener("change", front);
follow();
