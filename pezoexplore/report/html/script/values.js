// Values of the run, their formatting and colours; every later script uses these.
// Text of a run is only set as text, never as HTML; Plotly interprets some HTML, so `plain` escapes it.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const count = data.labels.length;
const everyone = [...Array(count).keys()];
for (const column of data.columns) column.cells ??= Array(count).fill(column.all);
for (const column of data.columns) column.title = column.title.replaceAll("_", " ");
const columns = new Map(data.columns.map((column) => [column.name, column]));
const MOST = 4000;      // designs in a figure: of more, the front and evenly spaced others; the table has all
const every = Math.ceil(count / MOST);
const drawn = everyone.filter((row) => row % every === 0 || data.front[row] || data.software[row]);
const CROWD = 300;      // designs beyond which only the front has error bars, and WebGL draws
const ROW = 28;         // height of a table row, pixels
const PALE = "#e4e6e9", INK = "#222222", GRID = "#e6e6e6";
const LAYOUT = {
  font: {family: '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif', size: 12, color: INK},
  margin: {l: 58, r: 14, t: 34, b: 44},      // the toolbar lies in the upper margin, over no label
  paper_bgcolor: "#fff", plot_bgcolor: "#fff", hovermode: "closest",
  hoverlabel: {bgcolor: "#fff", font: {color: INK}},
};
const AXIS = {gridcolor: GRID, zeroline: false, linecolor: "#999", ticks: "outside", ticklen: 4, tickcolor: "#999",
  automargin: true};
const CONFIG = {displaylogo: false, responsive: true, toImageButtonOptions: {format: "svg", filename: "pezoexplore"},
  modeBarButtonsToRemove: ["autoScale2d", "zoomIn2d", "zoomOut2d", "resetCameraLastSave3d"]};

const plain = (text) => String(text).replace(/[&<>]/g, (c) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;"}[c]));
const cell = (name, row) => columns.get(name).cells[row];
const number = (name, row) => {
  const value = columns.has(name) ? cell(name, row) : null;
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : typeof value === "number" ? value : NaN;
};
const known = (name, row) => Number.isFinite(number(name, row));
const half = (name, row) => {
  const column = columns.get(name).half;
  return column && known(column, row) ? number(column, row) : null;
};
// The interval, cut at 0 and 100 as in pezoexplore/intervals.py: [low, high], null without one.
const ends = (name, row) => {
  const width = half(name, row), value = number(name, row);
  return width === null ? null : [Math.max(value - width, 0), Math.min(value + width, 100)];
};
const colour = (row) => data.colours[data.rng[row]] || "#8a8a8a";
const shown = (value) => typeof value === "number" ? String(+value.toPrecision(6)) : String(value);
function words(name, row) {
  const value = cell(name, row), width = half(name, row), limits = ends(name, row);
  if (value === null) return "";
  if (width === null) return shown(value);
  const whole = limits[0] === value - width && limits[1] === value + width;
  return value.toFixed(2) + (whole ? ` ± ${width.toFixed(2)}` : ` (${limits.map((end) => end.toFixed(2)).join(" to ")})`);
}
const wide = (name, rows) => {
  const values = rows.map((row) => number(name, row)).filter(Number.isFinite);
  return values.length > 0 && Math.min(...values) > 0 && Math.max(...values) > 20 * Math.min(...values);
};

function element(parent, tag, text, attributes = {}) {
  const made = parent.appendChild(document.createElement(tag));
  if (text !== undefined) made.textContent = text;
  return Object.assign(made, attributes);
}

function themed(layout) {
  const full = {...LAYOUT, ...layout, margin: {...LAYOUT.margin, ...layout.margin}};
  for (const key of Object.keys(full)) if (/^[xy]axis\d*$/.test(key)) full[key] = {...AXIS, ...full[key]};
  return full;
}
const draw = (id, figure) => Plotly.react($(id), figure.data, themed(figure.layout), CONFIG);
const numbers = data.columns.filter((c) => c.numeric && c.varies && !c.axis && c.name !== c.half).map((c) => c.name);
const plotted = () => drawn.filter((row) => data.ok[row] && known($("x").value, row) && known($("y").value, row));
