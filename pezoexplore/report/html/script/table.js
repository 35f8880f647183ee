// The table: sorted by its headings, filtered below them.

const RESULTS = ["accuracy_mean", "lut", "ff", "muxf", "carry", "bram", "dsp", "fmax_mhz", "power_mw_est",
  "energy_to_target_uj_est", "generator_energy_to_target_uj_est", "effective_span", "effective_dim", "lane_correlation", "steps_to_target", "front_confidence"];
const best = data.maximize.find((name) => columns.has(name)) || null;      // first, until a heading is clicked
const table = {columns: [], filters: new Map(), order: {name: best, down: true}, rows: everyone, pinned: null};
const body = $("table").querySelector("tbody"), head = $("table").querySelector("thead");
const valueOf = (name, row) => (name === "design" ? data.labels[row] : cell(name, row));

function chooseColumns() {
  const all = $("all").checked;
  const wanted = [...data.maximize, ...data.minimize, ...RESULTS].filter((name) => columns.has(name) && columns.get(name).varies);
  const axes = data.columns.filter((column) => column.varies && (column.axis || column.name === "status"));
  table.columns = ["design", ...new Set(all ? data.columns.map((column) => column.name) : [...wanted, ...axes.map((column) => column.name)])];
  drawHead();
}

function drawHead() {
  head.replaceChildren();
  const names = element(head, "tr"), filters = element(head, "tr");
  for (const name of table.columns) {
    const column = columns.get(name), kind = column && column.numeric ? "n" : "";
    const mark = table.order.name === name ? (table.order.down ? " ↓" : " ↑") : "";
    const title = element(names, "th", name.replaceAll("_", " ") + mark, {className: kind, title: column ? column.help : ""});
    title.classList.toggle("sorted", mark !== "");
    title.addEventListener("click", () => sortBy(name));
    const input = element(element(filters, "td"), "input", undefined, {type: "search", value: table.filters.get(name) || ""});
    input.setAttribute("aria-label", `filter ${name}`);
    input.dataset.column = name;
    input.addEventListener("input", () => {
      table.filters.set(name, input.value);
      input.classList.toggle("bad", test(name, input.value) === null);
      filterTable();
    });
  }
}

function test(name, text) {      // a predicate of rows; null for an invalid filter
  const wanted = text.trim(), column = columns.get(name);
  if (!wanted) return () => true;
  if (!column || !column.numeric) {
    const inverse = wanted.startsWith("!"), exact = /^!?=/.test(wanted);
    const part = wanted.replace(/^!?=*\s*/, "").toLowerCase();
    return (row) => {
      const value = String(valueOf(name, row) ?? "").toLowerCase();
      return (exact ? value === part : value.includes(part)) !== inverse;
    };
  }
  const read = (word) => (/^[+-]?inf$/i.test(word) ? (word.startsWith("-") ? -Infinity : Infinity) : word === "" ? NaN : Number(word));
  const between = wanted.match(/^(\S+?)\s*\.\.\s*(\S+)$/), one = wanted.match(/^(<=|>=|!=|==|=|<|>)?\s*(\S+)$/);
  const ends = between ? [read(between[1]), read(between[2])] : one ? [read(one[2])] : [NaN];
  if (ends.some(Number.isNaN)) return null;
  const [low, high] = ends, operator = between ? ".." : one[1] || "=";
  const holds = {"..": (v) => v >= low && v <= high, "<": (v) => v < low, "<=": (v) => v <= low, ">": (v) => v > low,
    ">=": (v) => v >= low, "=": (v) => v === low, "==": (v) => v === low, "!=": (v) => v !== low}[operator];
  return (row) => holds(number(name, row));
}

function filterTable() {
  const tests = [...table.filters].map(([name, text]) => test(name, text)).filter((one) => one !== null);
  const active = [...table.filters.values()].some((text) => text.trim());
  filters.table = active ? new Set(everyone.filter((row) => tests.every((one) => one(row)))) : null;
  update();
}

function sortBy(name) {
  table.order = {name, down: table.order.name === name ? !table.order.down : false};
  drawHead();
  sortRows();
  drawBody();
}

function sortRows() {
  const {name, down} = table.order;
  if (!name) return;
  const column = columns.get(name), sign = down ? -1 : 1;
  const key = (row) => (column && column.numeric ? number(name, row) : valueOf(name, row));
  const empty = (value) => value === null || Number.isNaN(value);
  table.rows = [...table.rows].sort((a, b) => {
    const one = key(a), other = key(b);
    if (empty(one) || empty(other)) return empty(one) - empty(other) || a - b;
    return one === other ? a - b : one < other ? -sign : sign;
  });
}

function drawBody() {      // only the visible rows
  const first = Math.max(0, Math.floor($("table").scrollTop / ROW) - 6), last = Math.min(table.rows.length, first + 32);
  const gap = (rows) => {
    const filler = element(element(document.createDocumentFragment(), "tr", undefined, {className: "gap"}), "td");
    filler.colSpan = table.columns.length;
    filler.style.height = `${rows * ROW}px`;
    return filler.parentNode;
  };
  const made = table.rows.slice(first, last).map((row) => {
    const line = document.createElement("tr");
    line.classList.toggle("pinned", row === table.pinned);
    line.dataset.row = row;
    for (const name of table.columns) {
      const column = columns.get(name);
      const box = element(line, "td", name === "design" ? undefined : words(name, row), {className: column && column.numeric ? "n" : ""});
      if (name !== "design") continue;
      element(box, "span", undefined, {className: "dot"}).style.background = colour(row);
      box.append(data.labels[row]);
      box.classList.toggle("member", Boolean(data.front[row]));
    }
    return line;
  });
  body.replaceChildren(gap(first), ...made, gap(table.rows.length - last));
}
