// The page's script: it draws what the page's data say, and links the views of the designs.
//
// A selection is what three filters let through: the brush on the plane, the ranges on the parallel
// coordinates, the filters of the table. Every view shows it; `update` is the one place that says so.
// Text of a run is only ever set as text, never as HTML; Plotly reads some, so `plain` escapes it.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const count = data.labels.length;
  const everyone = [...Array(count).keys()];
  for (const column of data.columns) column.title = column.title.replaceAll("_", " ");
  const columns = new Map(data.columns.map((column) => [column.name, column]));
  const CROWD = 300;      // designs beyond which only the front has error bars, and WebGL draws
  const ROW = 28;         // pixels of a table's row
  const PALE = "#e4e6e9", INK = "#222222", GRID = "#e6e6e6";
  const LAYOUT = {
    font: {family: '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif', size: 12, color: INK},
    paper_bgcolor: "#fff", plot_bgcolor: "#fff", hovermode: "closest",
    margin: {l: 58, r: 14, t: 14, b: 44}, hoverlabel: {bgcolor: "#fff", font: {color: INK}},
  };
  const AXIS = {gridcolor: GRID, zeroline: false, linecolor: "#999", ticks: "outside", ticklen: 4, tickcolor: "#999",
    automargin: true};
  const CONFIG = {displaylogo: false, responsive: true, toImageButtonOptions: {format: "svg", filename: "pezoexplore"},
    modeBarButtonsToRemove: ["autoScale2d", "zoomIn2d", "zoomOut2d", "resetCameraLastSave3d"]};

  // -- values -------------------------------------------------------------------------------------

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
  const colour = (row) => data.colours[data.rng[row]] || "#8a8a8a";
  const shown = (value) => typeof value === "number" ? String(+value.toPrecision(6)) : String(value);
  function words(name, row) {
    const value = cell(name, row), width = half(name, row);
    if (value === null) return "";
    return width === null ? shown(value) : `${value.toFixed(2)} ± ${width.toFixed(2)}`;
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
  const plotted = () => everyone.filter((row) => data.ok[row] && known($("x").value, row) && known($("y").value, row));

  // -- the plane: two objectives ------------------------------------------------------------------

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
    return on ? rows.map((row) => half(y, row)) : [];
  }

  function cloud(rows, member, x, y) {
    const gl = !member && rows.length > CROWD;
    return {
      type: gl ? "scattergl" : "scatter", mode: "markers", customdata: rows, hoverinfo: "none", showlegend: false,
      x: rows.map((row) => number(x, row)), y: rows.map((row) => number(y, row)),
      error_y: {type: "data", array: errors(rows, y), thickness: 1, width: 0, color: member ? "#555" : "#c3c8ce"},
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
      annotation: {xref: "paper", x: 1, xanchor: "right", y: number(y, row), yanchor: place ? "top" : "bottom", showarrow: false,
        text: plain(`${data.labels[row]} (software)`), font: {size: 10.5, color: "#444"}},
    }));
  }

  function heights(rows, y) {      // so that what is hopeless does not squeeze what is good
    const values = rows.map((row) => number(y, row)).sort((a, b) => a - b);
    const low = values[Math.floor(0.1 * values.length)], high = values[values.length - 1];
    const front = plane.front.map((row) => number(y, row) - (half(y, row) || 0));
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
      shapes: plane.shapes, annotations: [...lines.map((line) => line.annotation), ...hidden],
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

  // A fresh canvas over a plot of Plotly's. To have Plotly draw what is selected takes most of the time
  // that an answer may take (the parallel coordinates: most of a second at 2,000 designs), so its plots
  // are left as they are, only paled, and the selection is drawn over them.
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
      const member = rows === plane.front, crowd = !member && rows.length > CROWD, halves = errors(rows, y);
      rows.forEach((row, index) => {
        if (!chosen[row]) return;
        const value = number(y, row), x = across(number($("x").value, row)), mark = MARKS[data.symbols[data.reuse[row]]];
        pen.strokeStyle = member ? "#555" : "#c3c8ce";
        pen.lineWidth = 1;
        pen.beginPath();
        if (halves[index]) outlined(pen, [[x, up(value - halves[index])], [x, up(value + halves[index])]]);
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

  // -- the cube: three objectives -----------------------------------------------------------------

  let cube = {others: [], front: []};
  const shades = (rows, chosen) => rows.map((row) => (chosen && !chosen[row] ? PALE : colour(row)));

  function drawCube() {
    const names = [$("x").value, $("z").value, $("y").value];
    const rows = plotted().filter((row) => known($("z").value, row));
    cube = {others: rows.filter((row) => !data.front[row]), front: rows.filter((row) => data.front[row])};
    const trace = (of, size, line) => ({
      type: "scatter3d", mode: "markers", customdata: of, hoverinfo: "none", showlegend: false,
      x: of.map((row) => number(names[0], row)), y: of.map((row) => number(names[1], row)),
      z: of.map((row) => number(names[2], row)), marker: {color: shades(of), size, line, opacity: 1},
    });
    const axis = (name) => ({title: {text: plain(columns.get(name).title.split(" (")[0])}, gridcolor: "#dcdfe3",
      backgroundcolor: "#fafbfc", showbackground: true, zeroline: false,
      ...(name === names[2] ? {range: heights(rows, name).range} :
        $("log").checked && rows.every((row) => number(name, row) > 0) ? {type: "log", dtick: 1} : {})});
    const layout = themed({height: 500, margin: {l: 0, r: 0, t: 0, b: 0}, uirevision: names.join(), scene: {
      xaxis: axis(names[0]), yaxis: axis(names[1]), zaxis: axis(names[2]), aspectmode: "cube",
      camera: {eye: {x: 1.5, y: 1.5, z: 0.6}, center: {x: 0, y: 0, z: -0.12}},
    }});
    const traces = [trace(cube.others, 2.6, {width: 0}), trace(cube.front, 5.5, {width: 1, color: INK})];
    return Plotly.react($("cube"), traces, layout, CONFIG);
  }

  // -- parallel coordinates -----------------------------------------------------------------------

  let lines = [];
  const palette = Object.keys(data.colours);

  function categories(name, rows) {
    const values = [...new Set(rows.map((row) => cell(name, row)))];
    const rank = (value) => (value === null ? -Infinity : value === "inf" ? Infinity : value);
    values.sort((a, b) => (typeof rank(a) === typeof rank(b) ? (rank(a) < rank(b) ? -1 : 1) : typeof a === "number" ? -1 : 1));
    return values;
  }

  function dimension(name, rows) {
    const column = columns.get(name), found = categories(name, rows);
    const label = plain(column.axis ? name.replaceAll("_", " ") : column.title.split(" (")[0]);
    if (column.axis && (found.length <= 14 || !column.numeric)) {
      const place = new Map(found.map((value, index) => [value, index]));
      return {name, label, values: rows.map((row) => place.get(cell(name, row))), range: [-0.25, found.length - 0.75],
        tickvals: found.map((_, index) => index), ticktext: found.map((value) => (value === null ? "–" : plain(value)))};
    }
    const values = rows.map((row) => number(name, row));
    if (!wide(name, rows)) return {name, label, values, range: padded(values)};
    const logs = values.map(Math.log10), low = Math.floor(Math.min(...logs)), high = Math.ceil(Math.max(...logs));
    const ticks = [];
    for (let power = low; power <= high; power++) for (const part of [1, 2, 5]) ticks.push(part * 10 ** power);
    const fit = ticks.filter((tick) => tick >= 0.9 * 10 ** Math.min(...logs) && tick <= 1.1 * 10 ** Math.max(...logs));
    return {name, label, values: logs, range: padded(logs), tickvals: fit.map(Math.log10), ticktext: fit.map((tick) => String(+tick.toPrecision(3)))};
  }

  function padded(values) {
    const low = Math.min(...values), high = Math.max(...values), room = 0.02 * (high - low) || 1;
    return [low - room, high + room];
  }

  function drawChosen(chosen) {
    const plot = $("lines"), pen = overlay("over", plot, chosen);
    const axes = plot.data[0].dimensions, size = plot._fullLayout._size;
    if (!chosen) return;
    const places = axes.map((axis, index) => {
      const x = size.l + (index * size.w) / Math.max(1, axes.length - 1), [low, high] = axis.range;
      return axis.values.map((value) => [x, size.t + size.h - 2 - ((value - low) / (high - low)) * (size.h - 4)]);
    });
    const few = lines.filter((row) => chosen[row]).length < 60;
    pen.lineWidth = few ? 1.4 : 1;
    pen.globalAlpha = few ? 0.9 : 0.5;
    for (const name of palette) {
      pen.strokeStyle = data.colours[name];
      pen.beginPath();
      lines.forEach((row, index) => {
        if (!chosen[row] || data.rng[row] !== name) return;
        places.forEach((axis, place) => (place ? pen.lineTo(...axis[index]) : pen.moveTo(...axis[index])));
      });
      pen.stroke();
    }
  }

  function drawLines() {
    const axes = data.columns.filter((c) => c.axis && c.varies).map((c) => c.name);
    const results = [...new Set([...data.minimize, ...data.maximize])].filter((name) => columns.has(name));
    const extra = ["effective_span"].filter((name) => numbers.includes(name) && !results.includes(name));
    const measured = [...extra, ...results];
    lines = everyone.filter((row) => data.ok[row] && measured.every((name) => known(name, row)));
    const dimensions = [...axes.slice(0, 12 - measured.length), ...measured].map((name) => dimension(name, lines));
    const steps = palette.map((name) => data.colours[name]);
    const scale = steps.flatMap((c, index) => [[index / steps.length, c], [(index + 1) / steps.length, c]]);
    const trace = {type: "parcoords", dimensions, labelfont: {size: 12}, tickfont: {size: 10.5}, rangefont: {size: 1, color: "#fff"},
      line: {color: lines.map((row) => palette.indexOf(data.rng[row])), colorscale: scale, cmin: -0.5, cmax: steps.length - 0.5},
      unselected: {line: {color: PALE, opacity: 0.25}}};
    return Plotly.react($("lines"), [trace], themed({height: 340, margin: {l: 60, r: 60, t: 44, b: 20}}), CONFIG);
  }

  function rangesOfLines() {
    const limits = [];
    for (const axis of $("lines").data[0].dimensions) {
      if (!axis.constraintrange || !axis.constraintrange.length) continue;
      const ranges = Array.isArray(axis.constraintrange[0]) ? axis.constraintrange : [axis.constraintrange];
      limits.push([axis.values, ranges]);
    }
    if (!limits.length) return null;
    const within = (index) => limits.every(([values, ranges]) =>
      ranges.some(([low, high]) => values[index] >= low && values[index] <= high));
    return new Set(lines.filter((_, index) => within(index)));
  }

  // -- the table ----------------------------------------------------------------------------------

  const RESULTS = ["accuracy_mean", "lut", "ff", "muxf", "carry", "bram", "dsp", "fmax_mhz", "power_mw_est",
    "energy_to_target_uj_est", "effective_span", "effective_dim", "lane_correlation", "steps_to_target", "front_confidence"];
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

  function test(name, text) {      // a predicate of rows; null for a filter that cannot be read
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

  function drawBody() {      // only the rows in sight
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

  // -- one design in full -------------------------------------------------------------------------

  function pin(row) {
    table.pinned = row;
    const panel = $("detail"), list = panel.querySelector("table");
    panel.hidden = row === null;
    drawBody();
    if (row === null) return;
    panel.querySelector("h2").textContent = data.labels[row] + (data.front[row] ? " (on the front)" : "");
    list.replaceChildren();
    for (const column of data.columns) {
      if (column.cells[row] === null) continue;
      const line = element(list, "tr", undefined, {title: column.help});
      element(line, "th", column.name.replaceAll("_", " "));
      element(line, "td", words(column.name, row));
    }
    const curve = data.curves[row];
    $("curve").hidden = !curve;
    if (curve) Plotly.react($("curve"), [{type: "scatter", mode: "lines+markers", marker: {size: 4}, line: {color: colour(row)},
      x: curve.map((look) => look[0]), y: curve.map((look) => look[1]),
      error_y: {type: "data", array: curve.map((look) => look[2]), thickness: 1, width: 0}}],
    themed({height: 210, xaxis: {title: {text: "step"}}, yaxis: {title: {text: "validation accuracy (%)"}}}),
    {...CONFIG, displayModeBar: false});
  }

  const mouse = {x: 0, y: 0};
  function showTip(row) {
    const tip = $("tip"), grid = document.createElement("div");
    tip.replaceChildren();
    element(tip, "b", data.labels[row] + (data.front[row] ? " · on the front" : ""));
    const skipped = new Set(["point_id", "status", "pareto", "rtl_sha256", "accuracy_per_seed", "yosys_version"]);
    for (const column of data.columns) {
      if (column.cells[row] === null || skipped.has(column.name) || column.name.endsWith("_ci95")) continue;
      element(grid, "i", column.name.replaceAll("_", " "));
      element(grid, "span", words(column.name, row));
    }
    tip.append(grid);
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), right = mouse.x + 18, below = mouse.y + 14;
    tip.style.left = `${right + box.width > innerWidth ? Math.max(4, mouse.x - box.width - 18) : right}px`;
    tip.style.top = `${Math.max(4, Math.min(below, innerHeight - box.height - 8))}px`;
  }

  // -- the selection ------------------------------------------------------------------------------

  const filters = {plane: null, lines: null, table: null};
  let brush = [];         // its outline; Plotly's own would select again whenever something changes
  let chosen = null;      // 1 for a design that is selected, 0 for another; null: nothing is
  let busy = false;       // while the views change they report selections of their own

  function update() {
    const start = performance.now(), active = Object.values(filters).filter((set) => set !== null);
    const rows = everyone.filter((row) => active.every((set) => set.has(row)));
    chosen = active.length ? new Uint8Array(count) : null;
    if (chosen) for (const row of rows) chosen[row] = 1;
    $("count").textContent = chosen ? `${rows.length.toLocaleString("en")} of ${count.toLocaleString("en")} selected` : "";
    $("clear").hidden = !chosen;
    table.rows = rows;
    sortRows();
    $("table").scrollTop = 0;
    drawBody();
    drawPicked(chosen);
    drawChosen(chosen);
    busy = true;
    const done = [
      Plotly.relayout($("plane"), {selections: [], shapes: [...plane.shapes, ...brush]}),
      Plotly.restyle($("cube"), {"marker.color": [shades(cube.others, chosen), shades(cube.front, chosen)]}, [0, 1]),
    ];
    Promise.all(done).then(() => requestAnimationFrame(() => {
      busy = false;
      document.body.dataset.answerMs = (performance.now() - start).toFixed(1);
      document.body.dataset.selected = chosen ? rows.length : "";
    }));
  }

  function clear() {
    filters.plane = filters.lines = filters.table = null;
    brush = [];
    table.filters.clear();
    drawHead();
    Promise.all([drawPlane(), drawLines()]).then(update);
  }

  function redraw() {
    filters.plane = null;
    brush = [];
    Promise.all([drawPlane(), drawCube()]).then(update);
  }

  function brushed(event) {
    if (busy) return;
    filters.plane = event.points.length ? new Set(event.points.map((point) => point.customdata)) : null;
    brush = filters.plane ? [outline(event)] : [];
    filters.plane ? update() : drawPlane().then(update);
  }

  function outline(event) {
    const look = {line: {color: "#666", width: 1, dash: "dot"}, fillcolor: "rgba(0,114,178,0.05)", layer: "below"};
    if (event.range) {
      const {x, y} = event.range;
      return {...look, type: "rect", x0: x[0], x1: x[1], y0: y[0], y1: y[1]};
    }
    const {x, y} = event.lassoPoints;
    return {...look, type: "path", path: `M${x.map((across, index) => `${across},${y[index]}`).join("L")}Z`};
  }

  function listen() {
    $("plane").on("plotly_selected", (event) => event && brushed(event));
    $("plane").on("plotly_deselect", () => brushed({points: []}));
    for (const moved of ["plotly_relayouting", "plotly_afterplot"]) $("plane").on(moved, () => drawPicked(chosen));
    $("lines").on("plotly_restyle", (event) => {
      if (!Object.keys(event[0]).some((key) => key.startsWith("dimensions"))) return;
      filters.lines = rangesOfLines();
      update();
    });
    for (const id of ["plane", "cube"]) {
      $(id).on("plotly_hover", (event) => event.points[0].customdata !== undefined && showTip(event.points[0].customdata));
      $(id).on("plotly_unhover", () => ($("tip").hidden = true));
      $(id).on("plotly_click", (event) => pin(event.points[0].customdata));
    }
    document.addEventListener("pointermove", (event) => Object.assign(mouse, {x: event.clientX, y: event.clientY}));
    document.addEventListener("keydown", (event) => event.key === "Escape" && pin(null));
    for (const id of ["x", "y", "z", "log", "intervals"]) $(id).addEventListener("change", redraw);
    $("all").addEventListener("change", () => (chooseColumns(), drawBody()));
    $("table").addEventListener("scroll", () => requestAnimationFrame(drawBody));
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr[data-row]");
      if (line) pin(Number(line.dataset.row));
    });
    $("close").addEventListener("click", () => pin(null));
    $("clear").addEventListener("click", clear);
  }

  // -- the rest of the page -----------------------------------------------------------------------

  function missing(id, text) {
    $(id).replaceChildren();
    element($(id), "p", text, {className: "lead"});
  }

  function drawKey() {
    const marks = {circle: "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", square: "M-5,-5h10v10h-10Z", "triangle-up": "M-5.5,4.5L0,-5.5L5.5,4.5Z",
      diamond: "M0,-6.5L6.5,0L0,6.5L-6.5,0Z"};
    const entry = (text, path, fill, stroke) => {
      const box = element($("key"), "span"), svg = box.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
      svg.setAttribute("viewBox", "-7 -7 14 14");
      const shape = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
      for (const [name, value] of Object.entries({d: path, fill, stroke, "stroke-width": 1.5})) shape.setAttribute(name, value);
      box.append(text);
    };
    for (const rng of palette) if (data.rng.includes(rng)) entry(rng, marks.circle, data.colours[rng], "none");
    for (const [reuse, symbol] of Object.entries(data.symbols)) if (data.reuse.includes(reuse)) entry(`reuse ${reuse}`, marks[symbol], "none", "#666");
    entry("large, edged: on the front of all objectives", marks.circle, "#bbb", INK);
    entry("line: front of the two axes shown", "M-7,4H0V-4H7", "none", "#777");
  }

  function fillSelects() {
    const usual = [...data.minimize, ...data.maximize, ...numbers];
    const names = [...new Set(usual)].filter((name) => numbers.includes(name) || data.minimize.includes(name));
    const first = {x: data.minimize[0] || names[0], y: data.maximize[0] || names[1], z: data.minimize[1] || data.minimize[0] || names[0]};
    for (const id of ["x", "y", "z"]) {
      for (const name of names.filter((known) => columns.has(known))) element($(id), "option", columns.get(name).title, {value: name});
      $(id).value = first[id];
    }
    $("log").checked = wide($("x").value, everyone.filter((row) => data.ok[row]));
  }

  function drawStream() {
    const stream = data.streams[Number($("stream").value)];
    $("sampled").textContent = stream.note;
    draw("health", stream.figure);
  }

  function drawRest() {
    const told = {curves: ["curves", "No learning curves: the store of this run has none."],
      span: ["span", "Span and dimension are not known for this run."],
      parts: ["resources", "No resources were counted."]};
    for (const [id, [name, text]] of Object.entries(told)) data.figures[name] ? draw(id, data.figures[name]) : missing(id, text);
    data.streams.forEach((stream, index) => element($("stream"), "option", stream.name, {value: index}));
    $("stream").addEventListener("change", drawStream);
    data.streams.length ? drawStream() : missing("health", "No stream to show.");
    if (!data.sensitivity.length) missing("shares", "Too few finished designs, or too little varies.");
    data.sensitivity.forEach((figure, index) => {
      element($("shares"), "div", undefined, {id: `share${index}`, className: "plot"});
      draw(`share${index}`, figure);
    });
  }

  if (everyone.some((row) => data.ok[row]) && numbers.length > 1) {
    fillSelects();
    drawKey();
    chooseColumns();
    sortRows();
    drawBody();
    Promise.all([drawPlane(), drawCube(), drawLines()]).then(() => {
      listen();
      drawRest();
      document.body.dataset.ready = "yes";
    });
  } else {
    for (const id of ["plane", "lines"]) missing(id, "No finished designs to show.");
    chooseColumns();
    sortRows();
    drawBody();
    drawRest();
    document.body.dataset.ready = "yes";
  }
})();
