// The 2D plot of two objectives with their front; brushing selects.

let plane = {others: [], front: [], shapes: []};
const lessIsBetter = (name) => !data.maximize.includes(name);

function bestOfTwo(rows, x, y) {
  const sign = [lessIsBetter(x) ? 1 : -1, lessIsBetter(y) ? 1 : -1];
  const costs = rows.map((row) => [sign[0] * number(x, row), sign[1] * number(y, row), row]);
  costs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let best = Infinity;
  const kept = costs.filter((cost) => cost[1] < best && ((best = cost[1]), true)).map((cost) => cost[2]);
  return kept.sort((a, b) => number(x, a) - number(x, b));
}

function errors(rows, y) {
  const on = $("intervals").checked && (rows === plane.front || rows.length <= CROWD);
  return on ? rows.map((row) => ends(y, row)) : [];
}

function cloud(rows, member, x, y) {
  const gl = !member && rows.length > CROWD, limits = errors(rows, y);
  return {
    type: gl ? "scattergl" : "scatter", mode: "markers", customdata: rows, hoverinfo: "none", showlegend: false,
    x: rows.map((row) => number(x, row)), y: rows.map((row) => number(y, row)),
    error_y: {type: "data", symmetric: false, array: limits.map((end, index) => end && end[1] - number(y, rows[index])),
      arrayminus: limits.map((end, index) => end && number(y, rows[index]) - end[0]), thickness: 1, width: 0, color: member ? "#555" : "#c3c8ce"},
    marker: {
      color: rows.map(colour), size: member ? 11 : gl ? 5 : 8, opacity: member ? 1 : gl ? 0.6 : 0.85,
      symbol: rows.map((row) => (data.symbols[data.reuse[row]] || "circle") + (member || gl ? "" : "-open")),
      line: {width: member ? 1 : gl ? 0 : 1.5, color: member ? INK : rows.map(colour)},
    },
    selected: {marker: {opacity: 1}}, unselected: {marker: {opacity: 0.3}},
  };
}

function references(y) {
  const rows = everyone.filter((row) => data.ok[row] && data.software[row] && known(y, row));
  rows.sort((a, b) => number(y, b) - number(y, a));
  return rows.slice(0, 2).map((row, place) => ({
    shape: {type: "line", xref: "paper", x0: 0, x1: 1, y0: number(y, row), y1: number(y, row),
      line: {color: "#444", width: 1, dash: place ? "dot" : "dash"}, layer: "below"},
    text: `${place ? "dotted" : "dashed"}: ${data.labels[row]} (software), ${words(y, row)}`,
  }));
}

function heights(rows, y) {      // range that bad designs do not stretch
  const values = rows.map((row) => number(y, row)).sort((a, b) => a - b);
  const low = values[Math.floor(0.1 * values.length)], high = values[values.length - 1];
  const front = plane.front.map((row) => (ends(y, row) || [number(y, row)])[0]);
  const bottom = Math.min(low, ...front), room = (high - bottom) || 1;
  if (!(values[0] < bottom - room) || !data.maximize.includes(y)) return {};
  const hidden = values.filter((value) => value < bottom - 0.08 * room).length;
  return {range: [bottom - 0.08 * room, high + 0.1 * room], hidden};
}

function drawPlane() {
  const x = $("x").value, y = $("y").value, rows = plotted();
  const lines = references(y);
  plane = {others: rows.filter((row) => !data.front[row]), front: rows.filter((row) => data.front[row]),
    shapes: lines.map((line) => line.shape)};
  $("references").textContent = lines.map((line) => line.text).join("; ");
  const steps = bestOfTwo(rows, x, y), view = heights(rows, y);
  const traces = [cloud(plane.others, false, x, y), cloud(plane.front, true, x, y), {
    type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false,
    x: steps.map((row) => number(x, row)), y: steps.map((row) => number(y, row)),
    line: {color: "#777", width: 1.3, shape: lessIsBetter(x) ? "hv" : "vh"},
  }];
  const hidden = view.hidden ? [{xref: "paper", yref: "paper", x: 0.01, y: 0.01, xanchor: "left", yanchor: "bottom",
    showarrow: false, font: {size: 11, color: "#5c6066"}, bgcolor: "rgba(255,255,255,0.85)",
    text: `${view.hidden} more below; double-click to see all`}] : [];
  const layout = themed({
    height: 500, dragmode: "select", showlegend: false, selections: [],
    xaxis: {title: {text: plain(columns.get(x).title)}, type: $("log").checked ? "log" : "linear", dtick: $("log").checked ? "D2" : undefined},
    yaxis: {title: {text: plain(columns.get(y).title)}, range: view.range, autorange: !view.range},
    shapes: plane.shapes, annotations: hidden,
  });
  return Plotly.react($("plane"), traces, layout, CONFIG);
}

const MARKS = {
  circle: (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  square: (pen, x, y, r) => pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  "triangle-up": (pen, x, y, r) => outlined(pen, [[x, y - 1.15 * r], [x + r, y + 0.6 * r], [x - r, y + 0.6 * r]]),
  diamond: (pen, x, y, r) => outlined(pen, [[x, y - 1.3 * r], [x + 1.3 * r, y], [x, y + 1.3 * r], [x - 1.3 * r, y]]),
};
function outlined(pen, corners) {
  corners.forEach((corner, place) => (place ? pen.lineTo(...corner) : pen.moveTo(...corner)));
  pen.closePath();
}

// A new canvas over a Plotly plot. Having Plotly redraw a selection is too slow (the parallel
// coordinates: most of a second at 2,000 designs), so its plots are left as they are, only paled,
// and the selection is drawn over them.
function overlay(id, plot, chosen) {
  const canvas = $(id), scale = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
  canvas.width = plot.clientWidth * scale;
  canvas.height = plot.clientHeight * scale;
  plot.classList.toggle("pale", chosen !== null);
  pen.scale(scale, scale);
  return pen;
}

function drawPicked(chosen) {
  const plot = $("plane"), pen = overlay("picked", plot, chosen), y = $("y").value;
  if (!chosen) return;
  const {xaxis, yaxis, _size: size} = plot._fullLayout;
  const across = (value) => size.l + xaxis.d2p(value), up = (value) => size.t + yaxis.d2p(value);
  pen.beginPath();
  pen.rect(size.l, size.t, size.w, size.h);
  pen.clip();
  for (const rows of [plane.others, plane.front]) {
    const member = rows === plane.front, crowd = !member && rows.length > CROWD, limits = errors(rows, y);
    rows.forEach((row, index) => {
      if (!chosen[row]) return;
      const value = number(y, row), x = across(number($("x").value, row)), mark = MARKS[data.symbols[data.reuse[row]]];
      pen.strokeStyle = member ? "#555" : "#c3c8ce";
      pen.lineWidth = 1;
      pen.beginPath();
      if (limits[index]) outlined(pen, limits[index].map((end) => [x, up(end)]));
      pen.stroke();
      pen.beginPath();
      (mark || MARKS.circle)(pen, x, up(value), member ? 5.5 : crowd ? 2.5 : 4);
      pen.fillStyle = colour(row);
      pen.strokeStyle = member ? INK : colour(row);
      pen.lineWidth = member ? 1 : 1.5;
      member || crowd ? pen.fill() : null;
      crowd ? null : pen.stroke();
    });
  }
}
